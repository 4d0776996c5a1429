// What is used of it here; the package has no types of its own.
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";
  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    callback(): RequestListener;
    Client: { find(id: string): Promise<{ idTokenSignedResponseAlg: string } | undefined> };
  }
}
