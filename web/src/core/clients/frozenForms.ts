// The client for what was finalised; its messages are loaded with the pages that use it.
import { createClient } from "@connectrpc/connect";
import { FrozenFormService } from "../../gen/huizong/v1/frozen_form_pb";
import { transport } from "../service";

export const frozenForms = createClient(FrozenFormService, transport);
