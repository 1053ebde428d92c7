/** The style of all pages. */
export const pageStyle = ':root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }';
