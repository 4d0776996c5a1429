package dev.huizong.client;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import dev.huizong.v1.BriefFindings;
import dev.huizong.v1.Diagnosis;
import dev.huizong.v1.FieldViolation;
import dev.huizong.v1.FindingTerm;
import dev.huizong.v1.Form;
import dev.huizong.v1.Problem;
import dev.huizong.v1.Severity;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The service refused. The message says why and what to do, in Chinese and English. */
public final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Problem problem;

    Refused(Problem problem) {
        super(words(problem));
        this.problem = problem;
    }

    /** Everything that the refusal says, as the contract has it. */
    public Problem problem() {
        return problem;
    }

    /** Such as "REPORT_INVALID". */
    public String reason() {
        return problem.getReason().name();
    }

    /** Every finding: those that are told in full, then those that are told in brief. */
    public List<Finding> findings() {
        return findings(problem);
    }

    /** The problem in the details of an error; none where it is not the service's own. */
    static Optional<Problem> problemOf(StatusRuntimeException error) {
        Status status = StatusProto.fromThrowable(error);
        if (status == null) {
            return Optional.empty();
        }
        for (Any detail : status.getDetailsList()) {
            if (detail.is(Problem.class)) {
                try {
                    return Optional.of(detail.unpack(Problem.class));
                } catch (InvalidProtocolBufferException broken) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    private static List<Finding> findings(Problem problem) {
        List<Finding> all = new ArrayList<>();
        for (dev.huizong.v1.Finding finding : problem.getFindingsList()) {
            List<FindingTerm> terms = new ArrayList<>(finding.getLeftList());
            terms.addAll(finding.getRightList());
            boolean isError = finding.getSeverity() == Severity.SEVERITY_ERROR;
            String cell = terms.isEmpty() ? "" : terms.get(0).getCell();
            String remedy = finding.getRemedy().getZh();
            String zh = finding.getMessage().getZh();
            all.add(new Finding(finding.getRule(), isError, cell, zh, finding.getMessage().getEn(), remedy));
        }
        for (BriefFindings brief : problem.getBriefFindingsList()) {
            boolean isError = brief.getSeverity() == Severity.SEVERITY_ERROR;
            brief.getCellsList()
                    .forEach(cell -> all.add(new Finding(brief.getRule(), isError, path(cell.toByteArray()), "", "", "")));
        }
        return all;
    }

    /** The path of a cell that the numbers of fields lead to from Form. */
    private static String path(byte[] numbers) {
        Descriptor message = Form.getDescriptor();
        List<String> names = new ArrayList<>();
        for (byte number : numbers) {
            FieldDescriptor field = message.findFieldByNumber(Byte.toUnsignedInt(number));
            if (field == null) {
                return "";
            }
            names.add(field.getName());
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                message = field.getMessageType();
            }
        }
        return String.join(".", names);
    }

    private static String words(Problem problem) {
        StringBuilder text = new StringBuilder(problem.getReason().name());
        text.append("\n  ").append(problem.getMessage().getZh()).append("\n  ").append(problem.getMessage().getEn());
        for (FieldViolation violation : problem.getFieldViolationsList()) {
            text.append("\n  - ").append(violation.getField()).append(": ").append(violation.getDescription().getZh());
            text.append(' ').append(violation.getDescription().getEn());
        }
        for (Diagnosis diagnosis : problem.getDiagnosesList()) {
            text.append("\n  ☞ ").append(diagnosis.getMessage().getZh()).append(' ').append(diagnosis.getMessage().getEn());
        }
        for (Finding finding : findings(problem)) {
            text.append("\n  ").append(finding.isError ? '✗' : '!').append(' ').append(finding.rule).append(' ').append(finding.cell);
            for (String words : List.of(finding.zh, finding.en, finding.remedyZh)) {
                if (!words.isEmpty()) {
                    text.append("\n      ").append(words);
                }
            }
        }
        text.append("\n  → ").append(problem.getRemedy().getZh()).append(' ').append(problem.getRemedy().getEn());
        return text.toString();
    }
}
