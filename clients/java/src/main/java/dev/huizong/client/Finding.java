package dev.huizong.client;

/** One rule that a report breaks in one place; its words are empty where the refusal had no room for them. */
public final class Finding {
    /** Such as "T3-ROW-TOTAL". */
    public final String rule;

    /** Whether it blocks the report. */
    public final boolean isError;

    /** Path of its first cell; empty where it is about none. */
    public final String cell;

    /** What is wrong, in Chinese and in English. */
    public final String zh;

    public final String en;

    /** What to do about it, in Chinese. */
    public final String remedyZh;

    Finding(String rule, boolean isError, String cell, String zh, String en, String remedyZh) {
        this.rule = rule;
        this.isError = isError;
        this.cell = cell;
        this.zh = zh;
        this.en = en;
        this.remedyZh = remedyZh;
    }
}
