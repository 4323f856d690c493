/** A program over a nats-server of the test's own; either may end and come back. */
import { Client } from '../system/client.ts';
import { Program, temporaryDataDir } from '../system/program.ts';
import { NatsUnderTest } from './nats-under-test.ts';

export class ProgramStage {
  readonly dataDir = temporaryDataDir();
  readonly nats: NatsUnderTest;
  readonly #environment: Readonly<Record<string, string>>;
  #program: Program | null = null;
  #client: Client | null = null;

  private constructor(nats: NatsUnderTest, environment: Readonly<Record<string, string>>) {
    this.nats = nats;
    this.#environment = environment;
  }

  /** `environment`: of the program, beside the server's address. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<ProgramStage> {
    const stage = new ProgramStage(await NatsUnderTest.start(), environment);
    await stage.startProgram();
    return stage;
  }

  /** Of the program that runs now. */
  get client(): Client {
    if (this.#client === null) throw new Error('the program does not run');
    return this.#client;
  }

  get program(): Program {
    if (this.#program === null) throw new Error('the program does not run');
    return this.#program;
  }

  async startProgram(): Promise<void> {
    this.#program = await Program.start(this.dataDir.path, { NATS_URL: this.nats.url, ...this.#environment });
    this.#client = new Client(this.#program.port);
  }

  /** `kill -9`. */
  async killProgram(): Promise<void> {
    this.#client?.close();
    await this.#program?.kill();
    this.#client = null;
    this.#program = null;
  }

  async close(): Promise<void> {
    await this.killProgram();
    await this.nats.close();
    this.dataDir.remove();
  }
}
