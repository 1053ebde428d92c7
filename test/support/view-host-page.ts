/// <reference lib="dom" />
import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';

/** What a test offers to the page. */
type Bound = {
  readonly callTool: (params: object) => Promise<never>;
  readonly tell: (what: string, params: object) => Promise<void>;
};

/** What a host shows in a view. */
export type ShownResult = {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly result: Record<string, unknown>;
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  /** Values for variables of CSS, by which a host tells its colours. */
  readonly variables?: Record<string, string>;
  /** Results that the host sends after the first. */
  readonly resent?: readonly Record<string, unknown>[];
  /** A host that refuses what is for its model, or that answers nothing at all. */
  readonly refuses?: 'the model' | 'everything';
  /** A host that does not declare what it does for its model. */
  readonly isSilent?: boolean;
};

/** Shows one result in a frame of its own, as hosts do: of another origin, and with scripts allowed and nothing else. */
async function show(shown: ShownResult): Promise<void> {
  const { tool, args, result, theme = 'light', width = 700, resent = [], refuses, isSilent, variables = {} } = shown;
  const { callTool, tell } = window as unknown as Bound; // the test has bound them
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts');
  frame.style.width = `${width}px`;
  frame.style.border = '0';
  (document.querySelector('main') ?? document.body).append(frame);
  const view = frame.contentWindow;
  if (view === null) throw new Error('the frame has no window');
  if (refuses === 'everything') {
    frame.src = 'http://view.test/';
    return;
  }
  const definition = { name: tool, inputSchema: { type: 'object' as const } };
  const bridge = new AppBridge(
    null,
    { name: 'host', version: '1' },
    { serverTools: {}, ...(isSilent !== true && { updateModelContext: { text: {} } }) },
    { hostContext: { theme, toolInfo: { tool: definition }, styles: { variables: variables as never } } }, // its type demands all variables
  );
  bridge.oncalltool = (params) => callTool(params);
  bridge.onupdatemodelcontext = async (params) => {
    if (refuses === 'the model') throw new Error('not here');
    await tell('context', params);
    return {};
  };
  bridge.onsizechange = ({ height }) => {
    frame.style.height = `${height}px`;
  };
  const initialized = new Promise<void>((resolve) => {
    bridge.oninitialized = () => resolve();
  });
  await bridge.connect(new PostMessageTransport(view, view));
  frame.src = 'http://view.test/';
  await initialized;
  await bridge.sendToolInput({ arguments: args });
  for (const one of [result, ...resent]) await bridge.sendToolResult(one as never); // it is what the server has sent
}

Object.assign(window, { show });
