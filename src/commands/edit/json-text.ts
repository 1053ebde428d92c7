import {
  applyEdits,
  getNodeValue,
  modify,
  type Node,
  type ParseError,
  parse,
  parseTree,
  stripComments,
} from 'jsonc-parser';
import { StartError } from '../../errors.ts';
import type { Change, PathStep, WholeFormat } from './change.ts';

/** JSON as clients read and write it: with comments, trailing commas and a byte order mark. */
export const json: WholeFormat = { read, change, write: (value) => `${JSON.stringify(value, undefined, 2)}\n` };

const TOLERANT = { allowTrailingComma: true, allowEmptyContent: true };

/** What is parsed, at the same offsets: the parser takes a byte order mark for a fault. */
const withoutMark = (text: string) => text.replace(/^\uFEFF/, ' ');

function read(text: string): unknown {
  const faults: ParseError[] = [];
  const value: unknown = parse(withoutMark(text), faults, TOLERANT);
  const [fault] = faults;
  if (fault === undefined) return value;
  throw new StartError(`it is not valid JSON (line ${text.slice(0, fault.offset).split(/\r\n|\r|\n/).length})`);
}

/**
 * Additions are not left to modify() of the package: it reformats the lines around them, and puts a new member before the
 * comment that is about the last one.
 */
function change(text: string, { path, value }: Change): string {
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const root = parseTree(withoutMark(text), [], TOLERANT);
  if (root === undefined) {
    const before = text.trimEnd();
    return change(`${before}${before === '' ? '' : lineEnd}{}${lineEnd}`, { path, value });
  }
  const { node, rest } = descend(root, path);
  if (value === undefined) {
    if (node.parent?.type === 'property') return applyEdits(text, modify(withoutMark(text), [...path], undefined, {}));
    // modify() leaves a part of a list's last item behind (microsoft/node-jsonc-parser#108).
    const items = node.parent?.children?.filter((item) => item !== node).map(getNodeValue);
    return change(text, { path: path.slice(0, -1), value: items });
  }

  const marginOf = ({ offset }: Node) => /(?:^|[\r\n])([\t ]*)[^\r\n]*$/.exec(text.slice(0, offset))?.[1] ?? '';
  const margin = marginOf(node);
  const sibling = marginOf(node.children?.[0] ?? node);
  const unit = sibling.slice(margin.length) || (/^[\t ]+(?=["[{}\]])/m.exec(text)?.[0] ?? '  ');
  const show = (content: unknown, line: string) => JSON.stringify(content, undefined, unit).replaceAll('\n', line);
  const [step, ...steps] = rest;
  if (step === undefined) {
    const content = show(value, `${lineEnd}${margin}`);
    return applyEdits(text, [{ offset: node.offset, length: node.length, content }]);
  }
  const line = `${lineEnd}${margin}${unit}`;
  const name = typeof step === 'number' ? '' : `${JSON.stringify(step)}: `;
  const inner = steps.reduceRight((part, key) => ({ [key]: part }), value);
  const last = node.children?.at(-1);
  const behindLast = last === undefined ? node.offset + 1 : last.offset + last.length;
  const bracket = node.offset + node.length - 1;
  const place = text.slice(0, bracket).trimEnd().length;
  const hasComma = stripComments(text.slice(behindLast, bracket)).includes(',');
  const content = `${line}${name}${show(inner, line)}${hasComma ? ',' : ''}${lineEnd}${margin}`;
  return applyEdits(text, [
    { offset: behindLast, length: 0, content: last === undefined || hasComma ? '' : ',' },
    { offset: place, length: bracket - place, content },
  ]);
}

/** The innermost part at a path that there is, and the rest of the path. */
function descend(node: Node, path: readonly PathStep[]): { readonly node: Node; readonly rest: readonly PathStep[] } {
  const [step, ...rest] = path;
  if (step === undefined) return { node, rest: path };
  const found =
    typeof step === 'number'
      ? [node.children?.[step]]
      : node.children?.filter(({ children }) => children?.[0]?.value === step).map(({ children }) => children?.[1]);
  const [inner, another] = found ?? [];
  if (another !== undefined) throw new StartError(`it has "${step}" more than once`);
  return inner === undefined ? { node, rest: path } : descend(inner, rest);
}
