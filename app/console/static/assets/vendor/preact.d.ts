// What the pages use of preact.js, for whoever checks their types. Never sent to a browser.

type Cleanup = void | (() => void);
type Setter<State> = (next: State | ((before: State) => State)) => void;

export function html(strings: TemplateStringsArray, ...values: unknown[]): any;
export function render(tree: unknown, into: Element): void;
export function useState<State>(first: State | (() => State)): [State, Setter<State>];
export function useEffect(effect: () => Cleanup, inputs?: readonly unknown[]): void;
export function useRef<Value>(first: Value): { current: Value };
export function useCallback<Call extends (...given: any[]) => unknown>(call: Call, inputs: readonly unknown[]): Call;
export function useId(): string;
