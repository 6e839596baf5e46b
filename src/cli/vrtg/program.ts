// The program `vrtg`: its commands and their options.
import { Command, Option } from '@commander-js/extra-typings';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import type { Surroundings } from './connection.ts';
import { runAdopt } from './adopt/adopt.ts';
import { runOrphans } from './orphans.ts';

export interface ProgramOptions {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly interrupted: AbortSignal;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

const FAILED = 2;
/** As a shell has it for SIGINT. */
const INTERRUPTED = 130;

/** Runs one command to its end and gives its exit code. Rejects with commander's error after wrong options. */
export async function runVrtg(options: ProgramOptions): Promise<number> {
  let code = 0;
  const program = new Command('vrtg')
    .description('Looks after the VMs of a Proxmox VE provider for VirtRigaud.')
    .version(options.version)
    .exitOverride()
    .configureOutput({ writeOut: options.write, writeErr: options.writeError });
  withConnection(program.command('orphans'))
    .description('Lists what crashes have left behind, and the commands that remove it. Changes nothing.')
    .addOption(outputOption())
    .action(async (given) => {
      code = await guarded(
        options,
        async (surroundings) => await runOrphans(given, surroundings, options.write),
        given,
      );
    });
  withConnection(program.command('adopt'))
    .description(
      'Makes VMs that nobody has claimed the own of a provider, so that it may also destroy and revert them. Without VMIDs: lists them.',
    )
    .argument('[vmid...]', 'VMs to adopt')
    .option('--name <pattern>', 'VMs of this name, with * and ?')
    .option('--node <node>', 'VMs on this node')
    .option('--pool <pool>', 'VMs in this pool')
    .option('--tag <tag>', 'VMs with this tag')
    .option('--all', 'adopt all that meet the filters')
    .option(
      '--from-kube [file]',
      'the VMs of VirtualMachine objects: of a file as kubectl prints them, - for the input, else of a cluster',
    )
    .option(
      '--provider <namespace/name>',
      'with --from-kube: the Provider whose VirtualMachines are meant; the instance where absent',
    )
    .option('--namespace <namespace>', 'with --from-kube: VirtualMachines of this namespace only')
    .option('--kubeconfig <file>', 'with --from-kube: instead of KUBECONFIG')
    .option('--context <name>', 'with --from-kube: a context of the kubeconfig')
    .option('--with-uid', "with --from-kube: record the VirtualMachines' uids too; only for managers that send them")
    .option('--take-over', 'also VMs that somebody else has claimed')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(outputOption())
    .action(async (ids, given) => {
      code = await guarded(
        options,
        async (surroundings) => await runAdopt(ids, given, surroundings, options.write),
        given,
      );
    });
  await program.parseAsync(options.args, { from: 'user' });
  return code;
}

function outputOption() {
  return new Option('-o, --output <form>', 'form of the output')
    .choices(['table', 'json'] as const)
    .default('table' as const);
}

/** The options of every command that asks a PVE. */
function withConnection(command: Command) {
  return command
    .option('--endpoint <url>', 'the PVE API, instead of PVE_ENDPOINT')
    .option('--instance <name>', 'name of the provider whose VMs these are, instead of PVE_INSTANCE')
    .option('--ca-bundle <file>', 'CA certificates of the PVE API, instead of PVE_CA_BUNDLE')
    .option('--insecure-skip-verify', 'do not verify the certificate of the PVE API')
    .option('--credentials <folder>', 'folder with token_id and token_secret, instead of VIRTRIGAUD_CREDENTIALS_DIR')
    .addOption(
      new Option('--time-scale <factor>', 'how fast time runs, beside a simulator').argParser(Number).default(1),
    );
}

/** What every command shares: a clock, warnings on the error output, and a line that says why it failed. */
async function guarded(
  { environment, interrupted, writeError }: ProgramOptions,
  work: (surroundings: Surroundings) => Promise<number>,
  { timeScale }: { timeScale: number },
): Promise<number> {
  const log = createLogger({ level: 'warn', write: writeError });
  try {
    return await work({ environment, clock: createClock({ factor: timeScale }), log, interrupted });
  } catch (error) {
    if (interrupted.aborted) return INTERRUPTED;
    writeError(`vrtg: ${error instanceof Error ? error.message : String(error)}\n`);
    return FAILED;
  }
}
