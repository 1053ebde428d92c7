/** The sections of the configuration file that are about agents; the other keys are settings. */
export const SECTIONS = ['environments', 'issuers', 'agents', 'templates'] as const;
