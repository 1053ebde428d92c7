/** What a client can do for a call that waits for a confirmation. */
export type ClientFeatures = {
  /** Whether it can ask a person with a form. */
  readonly canAsk: boolean;
  /** Whether a person can confirm in a view that it shows. A client that can ask with a form is asked that way. */
  readonly canShow: boolean;
  /** Whether it can ask a person to open a URL. */
  readonly canOpen: boolean;
};

/** @param capabilities as the client declared them: they come from outside and may be anything */
export function toFeatures(capabilities: unknown): ClientFeatures {
  const { elicitation } = Object(capabilities);
  const canAsk = supportsForms(elicitation);
  return { canAsk, canShow: !canAsk && supportsViews(capabilities), canOpen: supportsUrls(elicitation) };
}

/** Whether a client can ask with forms, by its capability. One that declares neither forms nor URLs supports forms. */
export function supportsForms(elicitation: unknown): boolean {
  const { form, url } = Object(elicitation);
  return isDeclared(elicitation) && (isDeclared(form) || !isDeclared(url));
}

export const supportsUrls = (elicitation: unknown): boolean => isDeclared(Object(elicitation).url);

/** The extension MCP Apps, and the type of the views that its specification of 2026-01-26 defines. */
const APPS = 'io.modelcontextprotocol/ui';
export const VIEW_TYPE = 'text/html;profile=mcp-app';

/** Whether a client shows the views of MCP Apps. */
export function supportsViews(capabilities: unknown): boolean {
  const { mimeTypes } = Object(Object(Object(capabilities).extensions)[APPS]);
  return Array.isArray(mimeTypes) && mimeTypes.includes(VIEW_TYPE);
}

const isDeclared = (capability: unknown): boolean => capability !== undefined && capability !== null;
