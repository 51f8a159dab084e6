import {
  status as GrpcCode,
  type Server,
  type ServerDuplexStream,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { fileDescriptors } from './descriptors';

type Call = ServerDuplexStream<unknown, unknown>;

/**
 * Server reflection, v1 and v1alpha, from the descriptors that the contracts were built to. Going through proto-loader
 * would lose `optional`, imports and file names.
 */
export class Reflection {
  private readonly calls = new Set<Call>();

  /** @param services full names of the services that it tells of */
  constructor(private readonly services: readonly string[]) {}

  addToServer(server: Server): void {
    const root = { descriptors: { fileDescriptorProtos: fileDescriptors() } };
    // The types know only what proto-loader makes.
    const described = root as unknown as ConstructorParameters<typeof ReflectionService>[0];
    new ReflectionService(described, { services: [...this.services] }).addToServer({
      addService: (definition, implementation) => {
        const tracked: UntypedServiceImplementation = {};
        for (const [name, handle] of Object.entries(implementation)) tracked[name] = this.tracked(handle);
        server.addService(definition, tracked);
      },
    });
  }

  /** Ends the streams that are open: their callers keep them as long as they like, which would hold up a stop. */
  stop(): void {
    for (const call of this.calls) {
      call.emit('error', { code: GrpcCode.UNAVAILABLE, details: 'the server is stopping' });
    }
    this.calls.clear();
  }

  private tracked(handle: UntypedHandleCall): (call: Call) => void {
    return (call) => {
      this.calls.add(call);
      const forget = (): void => void this.calls.delete(call);
      call.on('end', forget);
      call.on('cancelled', forget);
      Reflect.apply(handle, undefined, [call]);
    };
  }
}
