/**
 * Mouse, wheel and touch on the canvas: drag pans, the wheel scrolls, Ctrl or Cmd with the wheel (and a pinch) zooms
 * where the pointer is. Says what was clicked in screen coordinates; knows nothing of the graph.
 */
import { zoomAt, type Camera } from './camera';

export interface PointerTarget {
  camera(): Camera;
  look(camera: Camera): void;
  click(x: number, y: number, event: MouseEvent): void;
  doubleClick(x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  context(x: number, y: number, event: MouseEvent): void;
}

/** Further than this is a drag, in CSS pixels. */
const slop = 4;

/** Listens until the signal fires. */
export function listenToPointer(canvas: HTMLElement, target: PointerTarget, signal: AbortSignal): void {
  const pressed = new Map<number, { x: number; y: number }>();
  let dragged = false;
  let start = { x: 0, y: 0 };
  const at = (event: MouseEvent): { x: number; y: number } => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  canvas.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0 && event.button !== 1) return;
      canvas.setPointerCapture(event.pointerId);
      pressed.set(event.pointerId, at(event));
      if (pressed.size === 1) {
        start = at(event);
        dragged = event.button === 1;
      }
    },
    { signal },
  );
  canvas.addEventListener(
    'pointermove',
    (event) => {
      const now = at(event);
      const before = pressed.get(event.pointerId);
      if (before === undefined) {
        target.hover(now.x, now.y);
        return;
      }
      if (pressed.size === 1) {
        if (!dragged && Math.hypot(now.x - start.x, now.y - start.y) < slop) return;
        dragged = true;
        const camera = target.camera();
        target.look({ ...camera, x: camera.x + now.x - before.x, y: camera.y + now.y - before.y });
      } else pinch(event.pointerId, before, now);
      pressed.set(event.pointerId, now);
    },
    { signal },
  );
  const pinch = (id: number, before: { x: number; y: number }, now: { x: number; y: number }): void => {
    dragged = true;
    const other = [...pressed].find(([key]) => key !== id)?.[1];
    if (other === undefined) return;
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(now.x - other.x, now.y - other.y);
    if (was > 0) target.look(zoomAt(target.camera(), is / was, (now.x + other.x) / 2, (now.y + other.y) / 2));
  };
  const release = (event: PointerEvent): void => {
    const was = pressed.delete(event.pointerId);
    if (was && !dragged && event.type === 'pointerup' && event.button === 0) {
      const { x, y } = at(event);
      target.click(x, y, event);
    }
  };
  canvas.addEventListener('pointerup', release, { signal });
  canvas.addEventListener('pointercancel', release, { signal });
  canvas.addEventListener('pointerleave', () => target.leave(), { signal });
  canvas.addEventListener(
    'dblclick',
    (event) => {
      const { x, y } = at(event);
      target.doubleClick(x, y);
    },
    { signal },
  );
  canvas.addEventListener(
    'contextmenu',
    (event) => {
      const { x, y } = at(event);
      target.context(x, y, event);
    },
    { signal },
  );
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const camera = target.camera();
      if (event.ctrlKey || event.metaKey) {
        const step = Math.max(-60, Math.min(60, event.deltaY * unit));
        target.look(zoomAt(camera, Math.exp(-step * 0.008), x, y));
        return;
      }
      const sideways = event.shiftKey && event.deltaX === 0;
      const dx = sideways ? event.deltaY : event.deltaX;
      const dy = sideways ? 0 : event.deltaY;
      target.look({ ...camera, x: camera.x - dx * unit, y: camera.y - dy * unit });
    },
    { signal, passive: false },
  );
}
