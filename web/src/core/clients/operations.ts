// The client for how the service is; its messages are loaded with the pages that use it.
import { createClient } from "@connectrpc/connect";
import { OperationsService } from "../../gen/huizong/v1/operations_pb";
import { transport } from "../service";

export const operations = createClient(OperationsService, transport);
