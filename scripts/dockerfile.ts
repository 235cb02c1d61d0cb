/** A Dockerfile, as far as `check-image.ts` does what it says. */

export interface ImageStep {
  readonly instruction: 'RUN' | 'COPY'
  readonly args: string
  /** As they are by then. */
  readonly workdir: string
  readonly environment: Readonly<Record<string, string>>
}

export interface Image {
  /** Of all stages, one after the other. */
  readonly steps: readonly ImageStep[]
  readonly environment: Readonly<Record<string, string>>
  readonly user: string
  readonly healthcheck: readonly string[]
  /** What a container runs. */
  readonly command: readonly string[]
}

export function readDockerfile(text: string): Image {
  const steps: ImageStep[] = []
  let [workdir, user] = ['/', 'root']
  let environment: Record<string, string> = {}
  let [healthcheck, entrypoint, command]: string[][] = [[], [], []]
  for (const { instruction, args } of instructionsOf(text)) {
    if (instruction === 'FROM') {
      workdir = '/'
      user = 'root'
      environment = {}
    } else if (instruction === 'WORKDIR') workdir = args
    else if (instruction === 'USER') user = args
    else if (instruction === 'ENV') environment = { ...environment, ...variables(args) }
    else if (instruction === 'HEALTHCHECK') healthcheck = words(args.slice(args.indexOf('CMD') + 3))
    else if (instruction === 'ENTRYPOINT') entrypoint = words(args)
    else if (instruction === 'CMD') command = words(args)
    else if (instruction === 'RUN' || instruction === 'COPY') {
      steps.push({ instruction, args, workdir, environment })
    } else if (instruction !== 'VOLUME' && instruction !== 'EXPOSE') {
      throw new Error(`what ${instruction} does is not known here`)
    }
  }
  return { steps, environment, user, healthcheck: healthcheck!, command: [...entrypoint!, ...command!] }
}

function instructionsOf(text: string) {
  return text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, instruction, args] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? []
      if (instruction === undefined || args === undefined) throw new Error(`this is no instruction: ${line}`)
      return { instruction: instruction.toUpperCase(), args }
    })
}

/** In the form that needs no shell. */
function words(args: string): string[] {
  // The cast: the form is a list of texts; what is none fails to be read, or to be started.
  return JSON.parse(args) as string[]
}

function variables(args: string): Record<string, string> {
  return Object.fromEntries(args.split(/\s+/).map((pair) => pair.split(/=(.*)/s).slice(0, 2)))
}
