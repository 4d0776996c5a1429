package dev.huizong.client;

import dev.huizong.v1.Answer;
import dev.huizong.v1.CellValue;
import dev.huizong.v1.FilledCell;
import dev.huizong.v1.SubmitReportRequest;
import java.math.BigDecimal;
import java.util.Map;
import java.util.UUID;

/**
 * A report to be handed in. Its request id is made once, and kept however often it is sent.
 *
 * <p>Cells are by their paths, such as "requests.received.total": a Long or Integer, a BigDecimal for an amount in 万元, {@link
 * #NOT_APPLICABLE}, or null for blank, which is not zero.
 */
public final class Submission {
    /** The mark 不适用. */
    public static final Object NOT_APPLICABLE = new Object();

    private final SubmitReportRequest request;

    private Submission(SubmitReportRequest request) {
        this.request = request;
    }

    /** The report of a name such as "agencies/ID/reports/2022". */
    public static Submission of(String name, Map<String, ?> cells) {
        SubmitReportRequest.Builder request =
                SubmitReportRequest.newBuilder().setName(name).setRequestId(UUID.randomUUID().toString());
        cells.forEach((path, cell) -> request.addCells(filled(path, cell)));
        return new Submission(request.build());
    }

    /** With a reason for a warning. */
    public Submission answering(String rule, String reason) {
        return new Submission(
                request.toBuilder().addAnswers(Answer.newBuilder().setRule(rule).setReason(reason)).build());
    }

    /** In place of a revision that was read, by its etag. */
    public Submission correcting(String etag, String reason) {
        return new Submission(request.toBuilder().setEtag(etag).setCorrectionReason(reason).build());
    }

    /** Checked only: nothing is stored. */
    public Submission checked() {
        return new Submission(request.toBuilder().setValidateOnly(true).build());
    }

    /** What is sent. */
    public SubmitReportRequest message() {
        return request;
    }

    private static FilledCell filled(String path, Object cell) {
        FilledCell.Builder filled = FilledCell.newBuilder().setCell(path);
        if (cell == null) {
            return filled.build();
        }
        CellValue.Builder value = CellValue.newBuilder();
        if (cell == NOT_APPLICABLE) {
            value.setNotApplicable(true);
        } else if (cell instanceof BigDecimal) {
            value.setAmountWanYuan(((BigDecimal) cell).toPlainString());
        } else if (cell instanceof Long || cell instanceof Integer) {
            value.setCount(((Number) cell).longValue());
        } else {
            throw new IllegalArgumentException(path + ": " + cell.getClass() + " is no exact number");
        }
        return filled.setValue(value).build();
    }
}
