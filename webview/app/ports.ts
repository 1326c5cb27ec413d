/** What parts of the page may ask of the host, each as narrow as it needs: they never see the transport. */
import type { HostApi } from '../../src/contract/hostApi';
import type { Remote } from '../../src/base/rpc';
import type { Inquiry } from '../inspector/inquiry';
import type { NeuronPort } from '../neurons/neuronProperties';

/** `tell` reports what a person started and nobody waits for. */
export function inquiryOf(host: Remote<HostApi>, tell: (work: Promise<unknown>) => Promise<void>): Inquiry {
  return {
    weightSummary: (name, signal) => host.weightSummary(name, signal),
    pictures: (request, signal) => host.pictures(request, signal),
    clamp: (site, how) => tell(host.clamp(site, how)),
    exportWeight: (name) => tell(host.exportWeight(name)),
    openPlace: (place) => tell(host.openPlace(place)),
    openFrame: (selection, frame) => tell(host.openFrame(selection, frame)),
    writeExportScript: () => tell(host.writeExportScript()),
    record: (site) => tell(host.record(site)),
    whatDrives: (value, objective) => tell(host.whatDrives(value, objective)),
  };
}

export function neuronPortOf(
  host: Remote<HostApi>,
  tell: (work: Promise<unknown>) => Promise<void>,
): NeuronPort {
  return {
    map: (selection) => host.neurons(selection),
    activity: (layer, signal) => host.neuronActivity(layer, signal),
    links: (question, signal) => host.neuronLinks(question, signal),
    clamp: (site, how) => tell(host.clamp(site, how)),
  };
}
