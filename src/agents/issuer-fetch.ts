/** A request of the server itself to an issuer. */
export type IssuerRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

export type IssuerFetch = (url: string, request: IssuerRequest) => Promise<Response>;
