// Receipts of what was handed in from this browser: the chain hash in them is given once, and shown again from here.
import { fromJson, toJson, type JsonValue } from "@bufbuild/protobuf";
import { ReceiptSchema, type Receipt } from "../gen/huizong/v1/report_pb";

const KEY = "huizong.receipt";

export function keepReceipt(receipt: Receipt): void {
  try {
    localStorage.setItem(`${KEY} ${receipt.revision}`, JSON.stringify(toJson(ReceiptSchema, receipt)));
  } catch {
    // Where the browser has no room the receipt is shown all the same, and its chain hash not again.
  }
}

export function keptReceipt(revision: string): Receipt | undefined {
  try {
    const text = localStorage.getItem(`${KEY} ${revision}`);
    return text ? fromJson(ReceiptSchema, JSON.parse(text) as JsonValue) : undefined;
  } catch {
    return undefined;
  }
}
