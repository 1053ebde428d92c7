export { openSandbox } from '../../sandbox/index.ts';
