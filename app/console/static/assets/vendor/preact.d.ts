// What the pages use of preact.js, for whoever checks their types. Never sent to a browser.

type Cleanup = void | (() => void);
type Setter<State> = (next: State | ((before: State) => State)) => void;

export function html(strings: TemplateStringsArray, ...values: unknown[]): any;
export function h(type: unknown, props: unknown, ...children: unknown[]): any;
export function render(tree: unknown, into: Element): void;
export function useState<State>(first: State | (() => State)): [State, Setter<State>];
export function useReducer<State, Action>(step: (state: State, action: Action) => State, first: State): [State, (action: Action) => void];
export function useEffect(effect: () => Cleanup, inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => Cleanup, inputs?: readonly unknown[]): void;
export function useRef<Value>(first: Value): { current: Value };
export function useMemo<Value>(make: () => Value, inputs: readonly unknown[]): Value;
export function useCallback<Call extends (...given: any[]) => unknown>(call: Call, inputs: readonly unknown[]): Call;
export function useContext(context: unknown): any;
export function useId(): string;
export function useErrorBoundary(caught?: (error: any) => void): [any, () => void];
export function createContext(value?: unknown): any;
export function createRef(): { current: any };
export function toChildArray(children: unknown): any[];
export const Fragment: any;
