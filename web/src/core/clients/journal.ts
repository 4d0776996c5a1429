// The client for the journal; its messages are loaded with the pages that use it.
import { createClient } from "@connectrpc/connect";
import { JournalService } from "../../gen/huizong/v1/journal_pb";
import { transport } from "../service";

export const journal = createClient(JournalService, transport);
