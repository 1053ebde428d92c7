import { lstatSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { dirname, join, parse, resolve, sep } from 'node:path';

/** The user and group that a process runs as. Systems without them have other rules for files. */
export type ProcessUser = { readonly uid: number; readonly gid: number } | undefined;

/** The user that a process runs as. */
export function userOf({ geteuid, getegid }: Pick<NodeJS.Process, 'geteuid' | 'getegid'>): ProcessUser {
  return geteuid === undefined || getegid === undefined ? undefined : { uid: geteuid(), gid: getegid() };
}

/** More links than this in a row are a circle. */
const MAX_LINKS = 40;

/** Only the owner of an entry of such a folder may replace the entry. */
const STICKY = 0o1000;

/**
 * Says why another user than root and the own one could change what a file holds, or `undefined` where none can. It
 * judges the file that the links of a path lead to, and every folder on the way, as another entry could be put there. A
 * file that does not exist yet is judged by its folders.
 * @returns the end of a sentence about the path
 */
export function whyUnsafe(path: string, user: ProcessUser): string | undefined {
  if (user === undefined) return undefined;
  const found = statSync(path, { throwIfNoEntry: false });
  // A pipe or a device has no place in a folder: a shell gives a pipe for the output of a command.
  if (found !== undefined && !found.isFile()) return undefined;
  if (found !== undefined && !isOwn(found, user)) {
    return `it belongs to another user (uid ${found.uid}), who could change it. Give it to the user of this server with chown`;
  }
  if (found !== undefined && mayOthersWrite(found, user)) {
    return `other users may write to it. Run chmod go-w ${path}, or chmod 600 for a secret`;
  }
  return whyUnsafePlace(resolve(path), user, 0);
}

/** Follows the path entry by entry, as the system does. */
function whyUnsafePlace(path: string, user: NonNullable<ProcessUser>, links: number): string | undefined {
  const { root } = parse(path);
  const names = path.slice(root.length).split(sep).filter(Boolean);
  let folder = root;
  for (const [index, name] of names.entries()) {
    const place = join(folder, name);
    const holder = lstatSync(folder);
    const entry = lstatSync(place, { throwIfNoEntry: false });
    const isLast = index === names.length - 1;
    const isKept = (holder.mode & STICKY) !== 0 && (entry === undefined || isOwn(entry, user));
    if (mayOthersWrite(holder, user) && !isKept) {
      return `other users could replace it, as they may write to the folder ${folder}. Run chmod go-w ${folder}`;
    }
    if (isLast && !isOwn(holder, user)) {
      return `another user (uid ${holder.uid}) could replace it, as the folder ${folder} belongs to that user. Give the folder to the user of this server with chown`;
    }
    if (entry === undefined) return undefined;
    if (entry.isSymbolicLink()) {
      if (links === MAX_LINKS) return undefined; // the system refuses to open it
      const rest = names.slice(index + 1);
      return whyUnsafePlace(resolve(dirname(place), readlinkSync(place), ...rest), user, links + 1);
    }
    folder = place;
  }
  return undefined;
}

const isOwn = ({ uid }: Stats, user: NonNullable<ProcessUser>): boolean => uid === 0 || uid === user.uid;

/** Many systems give each user a group of the same name, whose members may write what that user creates. */
function mayOthersWrite({ mode, gid }: Stats, user: NonNullable<ProcessUser>): boolean {
  if ((mode & 0o002) !== 0) return true;
  return (mode & 0o020) !== 0 && gid !== 0 && gid !== user.gid;
}
