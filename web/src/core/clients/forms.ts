// The client for the form: its layout and rules, reading and checking; its messages are loaded with the pages that use it.
import { createClient } from "@connectrpc/connect";
import { FormService } from "../../gen/huizong/v1/filling_pb";
import { transport } from "../service";

export const forms = createClient(FormService, transport);
