/** The tools that this page offers to the model and runs itself, without any network. */
import { isTheme, setTheme, THEMES } from './theme.ts';

interface Tool {
  description: string;
  /** JSON Schema of the input. */
  parameters: object;
  /** Whether the reader is asked before it runs. */
  needsApproval?: true;
  run(input: Record<string, unknown>): unknown;
}

const TOOLS: Record<string, Tool> = {
  current_time: {
    description: "The reader's current date and time, or that of another time zone.",
    parameters: {
      type: 'object',
      properties: {
        timeZone: {
          type: 'string',
          description: 'IANA name such as Europe/Berlin, or its city. Left out: the reader’s own.',
        },
      },
    },
    run: ({ timeZone }) => currentTime(typeof timeZone === 'string' && timeZone ? timeZone : undefined),
  },
  set_theme: {
    description: 'Change the colours of the page that the reader sees.',
    parameters: {
      type: 'object',
      properties: { theme: { type: 'string', enum: THEMES } },
      required: ['theme'],
    },
    needsApproval: true,
    run({ theme }) {
      if (!isTheme(theme)) throw new Error(`The theme must be one of ${THEMES.join(', ')}.`);
      setTheme(theme);
      return { theme };
    },
  },
};

/** `tools` of a request's body, in the AI SDK's form. */
export const DECLARED_TOOLS = Object.fromEntries(
  Object.entries(TOOLS).map(([name, { run: _run, ...declared }]) => [name, declared]),
);

/** Whether the reader must agree first; of a tool that the page does not have, there is nothing to agree to. */
export function needsApproval(name: string): boolean {
  return TOOLS[name]?.needsApproval === true;
}

/** What a tool gave, or why it could not. */
export type ToolOutcome = { output: unknown } | { error: string };

/** Run a tool of this page; models do name tools that do not exist and give inputs that do not fit. */
export function runTool(name: string, input: unknown): ToolOutcome {
  const tool = TOOLS[name];
  if (!tool) return { error: `This page has no tool ${name}; it has ${Object.keys(TOOLS).join(' and ')}.` };
  const given = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  try {
    return { output: tool.run(given) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function currentTime(asked: string | undefined) {
  const now = new Date();
  const timeZone = asked && (zoneOfCity(asked) ?? asked);
  try {
    const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long', timeZone });
    return { time: format.format(now), timeZone: format.resolvedOptions().timeZone, utc: now.toISOString() };
  } catch {
    throw new Error(`${asked} is not the IANA name of a time zone.`);
  }
}

/** The one zone that is named after a city, as models and people name it: Zurich, new york. */
function zoneOfCity(city: string): string | undefined {
  const wanted = plain(city);
  const [zone, ...others] = Intl.supportedValuesOf('timeZone').filter(
    (name) => plain(name.slice(name.lastIndexOf('/') + 1)) === wanted,
  );
  return others.length ? undefined : zone;
}

function plain(name: string): string {
  // An accent is a character of its own after NFD: Zürich is Zurich, São Paulo is Sao Paulo.
  return name
    .trim()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll(/[_\s]+/g, ' ')
    .toLowerCase();
}
