/** Questions faster than answers: one is under way, and of those that wait only the newest. */

export class Latest<Q, A> {
  #waiting: { question: Q } | null = null;
  #busy = false;

  constructor(
    readonly ask: (question: Q) => Promise<A>,
    readonly answered: (question: Q, answer: A) => void,
    readonly failed: (question: Q, error: unknown) => void,
  ) {}

  put(question: Q): void {
    this.#waiting = { question };
    if (!this.#busy) void this.#work();
  }

  /** Ask nothing more; what is under way is not told. */
  forget(): void {
    this.#waiting = null;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting) {
      const { question } = this.#waiting;
      this.#waiting = null;
      try {
        const answer = await this.ask(question);
        this.answered(question, answer);
      } catch (error) {
        this.failed(question, error);
      }
    }
    this.#busy = false;
  }
}
