// The contract with VirtRigaud's manager as generated from proto/: services, messages, and the schemas to create them with.
// Generated code is plain JavaScript with types, which other rooms reach only through this file.
export * from './gen/provider/v1/provider_pb.js';
export { Health, HealthCheckResponse_ServingStatus as ServingStatus } from './gen/grpc/health/v1/health_pb.js';
