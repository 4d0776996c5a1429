package dev.huizong.client;

import com.google.protobuf.Duration;
import dev.huizong.v1.CellKind;
import dev.huizong.v1.CheckReportRequest;
import dev.huizong.v1.CheckReportResponse;
import dev.huizong.v1.FormServiceGrpc;
import dev.huizong.v1.FormTable;
import dev.huizong.v1.FormTile;
import dev.huizong.v1.GetFormLayoutRequest;
import dev.huizong.v1.Problem;
import dev.huizong.v1.QueryRollupRequest;
import dev.huizong.v1.QueryRollupResponse;
import dev.huizong.v1.ReportServiceGrpc;
import dev.huizong.v1.RollupRow;
import dev.huizong.v1.RollupServiceGrpc;
import dev.huizong.v1.SubmitReportResponse;
import dev.huizong.v1.SubmitReportsRequest;
import dev.huizong.v1.SubmitReportsResponse;
import dev.huizong.v1.WatchRollupRequest;
import dev.huizong.v1.WatchRollupResponse;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.File;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/** Calls as a program wants them: safe to repeat, in time, and with what went wrong in words. */
public final class Client implements AutoCloseable {
    private static final int ATTEMPTS = 6;
    private static final long FIRST_PAUSE_MS = 200;
    private static final long LONGEST_PAUSE_MS = 10_000;
    private static final int MESSAGE_BYTES = 64 << 20;

    /** Submissions sent ahead of their answers. */
    private static final int AHEAD = 64;

    private final String address;
    private final ManagedChannel channel;
    private final ReportServiceGrpc.ReportServiceStub stream;

    /** The services themselves; {@link #call} calls any method of theirs. */
    public final ReportServiceGrpc.ReportServiceBlockingStub reports;

    public final FormServiceGrpc.FormServiceBlockingStub forms;
    public final RollupServiceGrpc.RollupServiceBlockingStub rollups;

    private long deadlineMs = 30_000;

    /** A client of the service at an address such as "http://127.0.0.1:7411". */
    public Client(String address) {
        this(address, null, null);
    }

    /**
     * The same with a token, or null, and the file of the authority that issued the service's certificate, or null for those
     * that this machine trusts.
     */
    public Client(String address, String token, File authority) {
        this.address = address;
        String target = address.replaceFirst("^https?://", "");
        this.channel = Grpc.newChannelBuilder(target, credentials(address, authority))
                .maxInboundMessageSize(MESSAGE_BYTES)
                .build();
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("accept-language", Metadata.ASCII_STRING_MARSHALLER), "zh-CN");
        if (token != null) {
            metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
        }
        ClientInterceptor introduce = MetadataUtils.newAttachHeadersInterceptor(metadata);
        this.reports = ReportServiceGrpc.newBlockingStub(channel).withInterceptors(introduce);
        this.forms = FormServiceGrpc.newBlockingStub(channel).withInterceptors(introduce);
        this.rollups = RollupServiceGrpc.newBlockingStub(channel).withInterceptors(introduce);
        this.stream = ReportServiceGrpc.newStub(channel).withInterceptors(introduce);
    }

    private static ChannelCredentials credentials(String address, File authority) {
        if (!address.startsWith("https://")) {
            return InsecureChannelCredentials.create();
        }
        try {
            TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
            return (authority == null ? tls : tls.trustManager(authority)).build();
        } catch (IOException unread) {
            throw new IllegalArgumentException(authority + " cannot be read", unread);
        }
    }

    /** Gives each attempt so long. */
    public Client withDeadline(long milliseconds) {
        deadlineMs = milliseconds;
        return this;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    /**
     * Makes a call with one answer: each attempt in time, and again where it may be answered otherwise then. Give a request
     * that changes something a request id, so that it is done once.
     */
    public <S extends io.grpc.stub.AbstractStub<S>, A> A call(S service, Function<S, A> method) {
        for (int tried = 0; ; tried++) {
            try {
                return method.apply(service.withDeadlineAfter(deadlineMs, TimeUnit.MILLISECONDS));
            } catch (StatusRuntimeException error) {
                pause(error, tried);
            }
        }
    }

    /** Waits before the next attempt, or throws where there is none. */
    private void pause(StatusRuntimeException error, int tried) {
        Optional<Problem> problem = Refused.problemOf(error);
        Optional<Duration> delay = problem.filter(Problem::hasRetryDelay).map(Problem::getRetryDelay);
        Status.Code code = error.getStatus().getCode();
        boolean isPassing = code == Status.Code.UNAVAILABLE
                || code == Status.Code.DEADLINE_EXCEEDED
                || code == Status.Code.RESOURCE_EXHAUSTED && delay.isPresent();
        if (!isPassing || tried + 1 >= ATTEMPTS) {
            if (problem.isPresent()) {
                throw new Refused(problem.get());
            }
            throw isPassing ? new Unreachable(address, error) : error;
        }
        long asked = delay.map(d -> d.getSeconds() * 1000 + d.getNanos() / 1_000_000).orElse(0L);
        long pause = Math.max(asked, Math.min(FIRST_PAUSE_MS << tried, LONGEST_PAUSE_MS));
        try {
            // Not all at the same moment.
            Thread.sleep(pause + ThreadLocalRandom.current().nextLong(pause / 2 + 1));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw error;
        }
    }

    /** Every cell of the form of a year with zero in it, but the totals: those are computed. To be filled in. */
    public Map<String, Object> zeros(int year) {
        GetFormLayoutRequest request = GetFormLayoutRequest.newBuilder().setYear(year).build();
        Map<String, Object> cells = new LinkedHashMap<>();
        for (FormTable table : call(forms, service -> service.getFormLayout(request)).getTablesList()) {
            for (FormTile tile : table.getTilesList()) {
                if (!tile.getCell().isEmpty() && tile.getAddendsCount() == 0) {
                    boolean isAmount = tile.getCellKind() == CellKind.CELL_KIND_AMOUNT;
                    cells.put(tile.getCell(), isAmount ? (Object) BigDecimal.ZERO : (Object) 0L);
                }
            }
        }
        return cells;
    }

    /** What the service thinks of a report: every finding in words. Nothing is stored. */
    public CheckReportResponse check(Submission submission) {
        CheckReportRequest request =
                CheckReportRequest.newBuilder().setSubmission(submission.message()).build();
        return call(forms, service -> service.checkReport(request));
    }

    /** Hands a report in; keep the receipt that comes back. Throws {@link Refused}. */
    public SubmitReportResponse submit(Submission submission) {
        return call(reports, service -> service.submitReport(submission.message()));
    }

    /**
     * Hands in many on one stream; tells what each came to, in their order: the answer is stored, refused or checked. Where the
     * connection breaks, what has no answer yet is sent again on another: the ids make that safe.
     */
    public void submitAll(Iterator<Submission> submissions, BiConsumer<Submission, SubmitReportsResponse> outcome) {
        Deque<Submission> waiting = new ArrayDeque<>();
        for (int tried = 0; ; tried++) {
            BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
            StreamObserver<SubmitReportsRequest> requests = stream.submitReports(into(answers));
            waiting.forEach(submission -> requests.onNext(item(submission)));
            boolean isOpen = true;
            while (true) {
                while (isOpen && waiting.size() < AHEAD) {
                    if (!submissions.hasNext()) {
                        requests.onCompleted();
                        isOpen = false;
                    } else {
                        waiting.add(submissions.next());
                        requests.onNext(item(waiting.getLast()));
                    }
                }
                Object answer = next(answers);
                if (answer == END) {
                    return;
                }
                if (answer instanceof StatusRuntimeException) {
                    pause((StatusRuntimeException) answer, tried);
                    break;
                }
                tried = 0;
                outcome.accept(waiting.remove(), (SubmitReportsResponse) answer);
            }
        }
    }

    private static final Object END = new Object();

    private static SubmitReportsRequest item(Submission submission) {
        return SubmitReportsRequest.newBuilder().setSubmission(submission.message()).build();
    }

    private static StreamObserver<SubmitReportsResponse> into(BlockingQueue<Object> answers) {
        return new StreamObserver<>() {
            @Override
            public void onNext(SubmitReportsResponse answer) {
                answers.add(answer);
            }

            @Override
            public void onError(Throwable error) {
                answers.add(Status.fromThrowable(error).asRuntimeException(Status.trailersFromThrowable(error)));
            }

            @Override
            public void onCompleted() {
                answers.add(END);
            }
        };
    }

    private static Object next(BlockingQueue<Object> answers) {
        try {
            return answers.take();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return Status.CANCELLED.withCause(interrupted).asRuntimeException();
        }
    }

    /** Tells the sums, row by row and page by page: {@link #value} of a row is exact. */
    public void rollup(QueryRollupRequest question, Consumer<RollupRow> row) {
        QueryRollupRequest asked = question;
        while (true) {
            QueryRollupRequest request = asked;
            QueryRollupResponse page = call(rollups, service -> service.queryRollup(request));
            page.getRowsList().forEach(row);
            if (page.getNextPageToken().isEmpty()) {
                return;
            }
            asked = request.toBuilder().setPageToken(page.getNextPageToken()).build();
        }
    }

    /** The value of a row, exact: a whole number for a count. */
    public static BigDecimal value(RollupRow row) {
        return row.getValue().hasCount()
                ? BigDecimal.valueOf(row.getValue().getCount())
                : new BigDecimal(row.getValue().getAmountWanYuan());
    }

    /** Tells the sums, and each time that they change, while `more` says so; goes on where it was when the connection breaks. */
    public void watch(WatchRollupRequest question, Predicate<QueryRollupResponse> more) {
        WatchRollupRequest asked = question;
        for (int tried = 0; ; tried++) {
            io.grpc.Context.CancellableContext context = io.grpc.Context.current().withCancellation();
            io.grpc.Context before = context.attach();
            try {
                Iterator<WatchRollupResponse> updates = rollups.watchRollup(asked);
                while (updates.hasNext()) {
                    WatchRollupResponse update = updates.next();
                    tried = 0;
                    asked = asked.toBuilder().setResumeAfter(update.getAsOf()).build();
                    if (update.hasAnswer() && !more.test(update.getAnswer())) {
                        return;
                    }
                }
                return;
            } catch (StatusRuntimeException error) {
                pause(error, tried);
            } finally {
                context.detach(before);
                context.cancel(null);
            }
        }
    }
}
