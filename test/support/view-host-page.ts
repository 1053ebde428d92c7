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
};

/** Shows one result in a frame of its own, as hosts do: of another origin, and with scripts allowed and nothing else. */
async function show({ tool, args, result, theme = 'light', width = 700 }: ShownResult): Promise<void> {
  const { callTool, tell } = window as unknown as Bound; // the test has bound them
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts');
  frame.style.width = `${width}px`;
  frame.style.border = '0';
  (document.querySelector('main') ?? document.body).append(frame);
  const view = frame.contentWindow;
  if (view === null) throw new Error('the frame has no window');
  const definition = { name: tool, inputSchema: { type: 'object' as const } };
  const bridge = new AppBridge(
    null,
    { name: 'host', version: '1' },
    { serverTools: {}, updateModelContext: { text: {} } },
    { hostContext: { theme, toolInfo: { tool: definition } } },
  );
  bridge.oncalltool = (params) => callTool(params);
  bridge.onupdatemodelcontext = async (params) => {
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
  await bridge.sendToolResult(result as never); // it is what the server has sent
}

Object.assign(window, { show });
