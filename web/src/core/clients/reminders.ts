// The client for reminders; its messages are loaded with the pages that use it.
import { createClient } from "@connectrpc/connect";
import { ReminderService } from "../../gen/huizong/v1/reminder_pb";
import { transport } from "../service";

export const reminders = createClient(ReminderService, transport);
