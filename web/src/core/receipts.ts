// Receipts of what was handed in from this browser: the chain hash in them is given once, and shown again from here, to whom it was
// given.
import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { ReceiptSchema, type Receipt } from "../gen/huizong/v1/report_pb";

const KEY = "huizong.receipt";

const keyOf = (person: string, revision: string) => `${KEY} ${person} ${revision}`;

export function keepReceipt(person: string, receipt: Receipt): void {
  try {
    localStorage.setItem(keyOf(person, receipt.revision), JSON.stringify(toJson(ReceiptSchema, receipt)));
  } catch {
    // Where the browser has no room the receipt is shown all the same, and its chain hash not again.
  }
}

export function keptReceipt(person: string, revision: string): Receipt | undefined {
  try {
    const text = localStorage.getItem(keyOf(person, revision));
    return text ? fromJson(ReceiptSchema, JSON.parse(text) as JsonValue) : undefined;
  } catch {
    return undefined;
  }
}
