/** What the server offers while an `%%automl` cell is written: completions, and what a field means. */
import { hoverTooltip, type Tooltip } from '@codemirror/view';
import type { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';
import type { Api } from './api';
import { isAutoML } from './cell';

/** After the kernel's, which know the notebook's columns; texts that both offer are shown once. */
const RANK = 540;

export interface IExplanation {
  field: string;
  text: string;
  default: string | null;
  allowed: string[];
}

/** The characters of a text, as JupyterLab's completer and the server count them: one beyond U+FFFF is one, not two. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** The row and column of a place in a text, both from 0; the offset and the column count characters. */
export function placeOf(text: string, offset: number): { row: number; column: number } {
  const before = Array.from(text).slice(0, offset).join('').split('\n');
  return { row: before.length - 1, column: lengthOf(before[before.length - 1]) };
}

/** Settings and their values; of the notebook's tables only the kernel knows. */
export class CellCompletions implements ICompletionProvider {
  constructor(private api: Api) {}

  readonly identifier = 'automl-jupyter:completions';
  readonly rank = RANK;
  readonly renderer = null;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return isAutoML(context.editor?.model.sharedModel.getSource() ?? '');
  }

  async fetch(request: CompletionHandler.IRequest): Promise<CompletionHandler.ICompletionItemsReply> {
    const place = { text: request.text, ...placeOf(request.text, request.offset) };
    const found = await this.api.post<{ fragment: string; texts: string[] }>(this.api.address('complete'), place);
    return {
      start: request.offset - lengthOf(found.fragment),
      end: request.offset,
      items: found.texts.map(text => ({ label: text, type: 'automl' }))
    };
  }
}

/** What is shown of a field. */
export function describe(found: IExplanation): HTMLElement {
  const node = document.createElement('div');
  node.className = 'amlj-help';
  const parts: [string, string][] = [
    ['strong', found.field],
    ['p', found.text],
    ['p', found.default === null ? '' : `Default: ${found.default}`],
    ['p', found.allowed.length ? `One of: ${found.allowed.join(', ')}` : '']
  ];
  for (const [tag, text] of parts.filter(part => part[1])) {
    node.appendChild(document.createElement(tag)).textContent = text;
  }
  return node;
}

/** Help for the field under the mouse. */
export const help = (api: Api) =>
  hoverTooltip(async (view, at): Promise<Tooltip | null> => {
    const text = view.state.doc.toString();
    if (!isAutoML(text)) {
      return null;
    }
    const place = { text, ...placeOf(text, lengthOf(text.slice(0, at))) };
    const answer = await api
      .post<{ explanation: IExplanation | null }>(api.address('explain'), place)
      .catch(() => ({ explanation: null })); // a server that does not answer must not disturb writing
    const { explanation } = answer;
    return explanation && { pos: at, above: true, create: () => ({ dom: describe(explanation) }) };
  });
