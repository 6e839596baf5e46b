import type { Fault } from './faults.ts';

/** The faults found so far, each once, and how many checks went well: by that the nearest of several schemas is known. */
export class Findings {
  readonly faults: Fault[] = [];
  matches = 0;

  static of(...faults: readonly Fault[]): Findings {
    const findings = new Findings();
    findings.add(...faults);
    return findings;
  }

  get isValid(): boolean {
    return this.faults.length === 0;
  }

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) if (!this.faults.some(({ text }) => text === fault.text)) this.faults.push(fault);
  }

  merge(...others: readonly Findings[]): void {
    for (const other of others) {
      this.add(...other.faults);
      this.matches += other.matches;
    }
  }

  /** The same without its faults. */
  forgiven(): Findings {
    const findings = new Findings();
    findings.matches = this.matches;
    return findings;
  }
}
