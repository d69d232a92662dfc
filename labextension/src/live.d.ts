/* The live view of a job, the same script as in a notebook's cell. */
export interface IViewModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  on(event: string, listener: (value: unknown) => void): void;
  off(event: string, listener: (value: unknown) => void): void;
  send(content: Record<string, unknown>): void;
}
declare const view: { render(context: { model: IViewModel; el: HTMLElement }): () => void };
export default view;
