import * as z from 'zod';

/**
 * What the MCP Registry takes as server.json under its schema of 2025-12-11, as far as a package over stdio needs it.
 * Unlike there, unknown keys are refused: nobody would read them.
 */

const version = z
  .string()
  .min(1)
  .max(255)
  .regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'is a version, not a range or a tag');

const input = z.strictObject({
  description: z.string().optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  format: z.enum(['string', 'number', 'boolean', 'filepath']).optional(),
  default: z.string().optional(),
  placeholder: z.string().optional(),
  value: z.string().optional(),
  choices: z.array(z.string()).optional(),
});

const variable = input.extend({ name: z.string(), variables: z.record(z.string(), input).optional() });

const named = variable.extend({ type: z.literal('named'), isRepeated: z.boolean().optional() });
const positional = input
  .extend({ type: z.literal('positional'), isRepeated: z.boolean().optional(), valueHint: z.string().optional() })
  .refine(({ value, valueHint }) => (value ?? valueHint) !== undefined, 'needs a value or a valueHint');
const argument = z.discriminatedUnion('type', [named, positional]);

const npmPackage = z.strictObject({
  registryType: z.literal('npm'),
  identifier: z.string().min(1),
  version,
  runtimeHint: z.string().optional(),
  runtimeArguments: z.array(argument).optional(),
  packageArguments: z.array(argument).optional(),
  environmentVariables: z.array(variable).optional(),
  transport: z.strictObject({ type: z.literal('stdio') }),
});

export const serverJson = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/, 'is a reversed domain, one slash and a name'),
  title: z.string().min(1).max(100).optional(),
  description: z.string().min(1).max(100),
  version,
  websiteUrl: z.url().optional(),
  repository: z
    .strictObject({ url: z.url(), source: z.string(), id: z.string().optional(), subfolder: z.string().optional() })
    .optional(),
  packages: z.array(npmPackage).min(1).optional(),
});
