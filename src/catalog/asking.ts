import type { JsonObject } from '../json.ts';

/** What a person is shown of the object of a call before they confirm it. */
export type PreviewPlan<Name extends string = string> = {
  /**
   * The tool that reads the object, alone or among others of a list. Of several, the first that the call has the
   * arguments for. Without one, a person is shown the ID alone.
   */
  readonly object?: string | readonly string[];
  /** The argument that identifies the object: the last one in the route, unless it says otherwise. */
  readonly of?: Name;
  /** The member of the object that has the value of that argument: `id`, unless it says otherwise. */
  readonly by?: string;
  /** The members that name it to people, each shown where it has a value. */
  readonly named?: string | readonly string[];
  /** Tools that list the objects linked to it, by the argument that takes its ID, and other arguments that they get. */
  readonly dependents?: Readonly<Record<string, string | { readonly by: string; readonly with: JsonObject }>>;
  /**
   * Arguments that replace a list of the object as a whole: the member that has the list, and the member of both lists'
   * items that tells them apart. The preview shows what is lost.
   */
  readonly replaces?: Readonly<Record<string, { readonly member: string; readonly by: string }>>;
};

/** So many calls of a group may one agent make in any hour; further ones wait for a confirmation. */
export type Pace = { readonly calls: number; readonly per: 'hour'; readonly group: string };

/** The objects that a read has found: those of a list, or the one object. */
export type Found<Name extends string = string> = Readonly<Record<Name, readonly JsonObject[]>>;

/** What was read says about a call. The texts are clauses that go on after "because". */
export type Ruling =
  | 'plain'
  /** A person has to confirm it. `shows` has what they should know for that, by what it is called. */
  | { readonly confirm: string; readonly shows?: JsonObject }
  /** It needs the credentials grant of the area, and a person has to confirm it. */
  | { readonly credentials: string; readonly shows?: JsonObject }
  | { readonly refuse: string };

/** What is read before a call is sent, and what follows from it. */
export type LookFirst<Name extends string = string> = {
  /** In order, so that one read can take what an earlier one has found. */
  readonly look: Readonly<
    Record<
      Name,
      {
        readonly tool: string;
        /**
         * Its arguments; `undefined` where there is nothing to look for. With `limit` one page is read; otherwise all
         * pages, and a list that does not end within the bound refuses the call.
         */
        readonly with: (args: JsonObject, found: Found<NoInfer<Name>>) => JsonObject | undefined;
      }
    >
  >;
  readonly decide: (found: Found<Name>, args: JsonObject) => Ruling;
  /** When a call waits for a confirmation: a clause that goes on after "calls wait for one where", for operators. */
  readonly waits: string;
};

/** The identity function that types what is found by the names of the reads. */
export const lookFirst = <const Name extends string>(declared: LookFirst<Name>): LookFirst =>
  // The names are narrower than LookFirst's; the server hands `with` and `decide` what was read under exactly these.
  declared as LookFirst;
