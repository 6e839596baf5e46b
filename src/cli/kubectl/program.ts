// The plugins `kubectl vm` and `kubectl create vmsnapshot`: their commands and their options.
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { parseDuration } from '#domain/duration';
import { createClock } from '#runtime/clock';
import { type Connected, type KubectlOptions, withApi, withKubectlOptions } from './connection.ts';
import { createSnapshot } from './create-vmsnapshot.ts';
import { addressesOf, consoleOf, storyOf } from './look.ts';
import { askVm, type PowerWish, restartWish, START, stopWish } from './power.ts';
import { revertVm } from './revert.ts';

export interface PluginOptions {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly version: string;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
}

/** Each rejects with commander's error after wrong options, else with what kept it from being done. */
export async function runVmPlugin(options: PluginOptions): Promise<void> {
  const program = newProgram('kubectl vm', options).description(
    'Starts, stops and explains virtual machines of VirtRigaud.',
  );
  const clock = createClock();
  const say = async (given: KubectlOptions, work: (connected: Connected) => Promise<string>): Promise<void> =>
    options.write(await withApi(given, work));
  const power = (name: string, about: string) =>
    withKubectlOptions(program.command(`${name} <vm>`).description(about)).addOption(waitOption());
  const ask = async (vm: string, wish: PowerWish, given: KubectlOptions & { wait?: number | undefined }) =>
    await say(given, async (connected) => await askVm(connected, vm, wish, { waitMs: given.wait, clock }));

  power('start', 'Starts a VM.').action(async (vm, given) => await ask(vm, START, given));
  power('stop', 'Shuts a VM down.')
    .option('--force', 'cut its power instead', false)
    .action(async (vm, given) => await ask(vm, stopWish(given.force), given));
  power('reboot', 'Restarts a VM; changes that wait for a restart come about.').action(
    async (vm, given) => await ask(vm, restartWish(new Date().toISOString()), given),
  );
  withKubectlOptions(program.command('revert <vm> <vmsnapshot>').description('Brings a VM back to a snapshot.'))
    .addOption(waitOption())
    .action(async (vm, snapshot, given) => {
      const wish = { vm, snapshot, at: new Date().toISOString() };
      await say(given, async (connected) => await revertVm(connected, wish, { waitMs: given.wait, clock }));
    });
  const look = (name: string, about: string, work: (connected: Connected, vm: string) => Promise<string>) =>
    withKubectlOptions(program.command(`${name} <vm>`).description(about)).action(
      async (vm, given) => await say(given, async (connected) => await work(connected, vm)),
    );
  look('ip', "Prints a VM's addresses, one a line.", addressesOf);
  look('console', "Prints the URL of a VM's console.", consoleOf);
  look(
    'why',
    'Tells how it stands with a VM, and why.',
    async (connected, vm) => await storyOf(connected, vm, clock.now()),
  );
  await program.parseAsync(options.args, { from: 'user' });
}

export async function runCreateVmSnapshot(options: PluginOptions): Promise<void> {
  const program = withKubectlOptions(newProgram('kubectl create vmsnapshot', options).argument('<name>'))
    .description('Makes a snapshot of a virtual machine.')
    .requiredOption('--vm <name>', 'the VirtualMachine')
    .option('--description <text>', 'its description')
    .addOption(
      new Option('--include-memory [boolean]', 'with the memory of a running VM')
        .argParser(boolean)
        .default(false)
        .preset('true'),
    )
    .addOption(
      new Option('--dry-run <how>', 'make nothing').choices(['none', 'client'] as const).default('none' as const),
    )
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['name', 'yaml', 'json'] as const))
    .action(async (name, given) =>
      options.write(await withApi(given, async (connected) => await createSnapshot(connected, name, given))),
    );
  await program.parseAsync(options.args, { from: 'user' });
}

function newProgram(name: string, { version, write, writeError }: PluginOptions) {
  return new Command(name).version(version).exitOverride().configureOutput({ writeOut: write, writeErr: writeError });
}

function waitOption() {
  return new Option('--wait [duration]', 'until it is so, at most this long').argParser(durationMs).preset('5m');
}

function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('write it as 30s or 5m.');
  return ms;
}

function boolean(text: string): boolean {
  if (!/^(true|false)$/i.test(text)) throw new InvalidArgumentError('write true or false.');
  return text.toLowerCase() === 'true';
}
