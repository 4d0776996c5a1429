package dev.huizong.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.huizong.v1.Dimension;
import dev.huizong.v1.ListReportRevisionsRequest;
import dev.huizong.v1.ListReportsRequest;
import dev.huizong.v1.QueryRollupRequest;
import dev.huizong.v1.QueryRollupResponse;
import dev.huizong.v1.Report;
import dev.huizong.v1.ReportState;
import dev.huizong.v1.Scope;
import dev.huizong.v1.Severity;
import dev.huizong.v1.SubmitReportResponse;
import dev.huizong.v1.WatchRollupRequest;
import dev.huizong.v1.WithdrawReportRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a program that uses the client is promised, against the real service. HUIZONG names the program. */
class ClientTest {
    private static final String PROVINCE = "jurisdictions/230000";

    private static Process program;
    private static String address = "";
    private static String guest = "";
    private static Client client;

    @BeforeAll
    static void start() throws IOException {
        program = new ProcessBuilder(
                        System.getenv("HUIZONG"), "demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Pattern at = Pattern.compile("Address: (http:\\S+)");
        Pattern of = Pattern.compile("huizong submit \\S+ --agency (\\S+)");
        BufferedReader lines = new BufferedReader(new java.io.InputStreamReader(program.getInputStream(), "UTF-8"));
        for (String line = lines.readLine(); line != null && guest.isEmpty(); line = lines.readLine()) {
            Matcher found = at.matcher(line);
            address = found.find() ? found.group(1) : address;
            Matcher left = of.matcher(line);
            guest = left.find() ? left.group(1) : guest;
            if (!guest.isEmpty()) {
                break;
            }
        }
        client = new Client(address);
    }

    @AfterAll
    static void stop() {
        client.close();
        program.destroy();
    }

    private static Map<String, Object> cells(long requests) {
        Map<String, Object> cells = client.zeros(2022);
        cells.put("requests.received.natural_person", requests);
        cells.put("requests.disclosed.natural_person", requests);
        return cells;
    }

    /** A total that is left blank is computed, and asks why. */
    private static Submission submission(String name, Map<String, Object> cells) {
        return Submission.of(name, cells).answering("TOTAL-BLANK", "由系统计算");
    }

    @Test
    void aReportIsStoredOnceHoweverOftenItIsSent() {
        Submission submission = submission("agencies/" + guest + "/reports/2022", cells(12));
        assertFalse(client.submit(submission.checked()).hasReceipt());
        SubmitReportResponse first = client.submit(submission);
        SubmitReportResponse again = client.submit(submission);
        assertTrue(again.getAlreadyStored());
        assertEquals(first.getReceipt().getRevision(), again.getReceipt().getRevision());
        Submission stale = submission("agencies/" + guest + "/reports/2022", cells(13)).correcting("stale", "漏计");
        assertEquals("ETAG_MISMATCH", assertThrows(Refused.class, () -> client.submit(stale)).reason());
    }

    @Test
    void aRefusalSaysEveryRuleThatIsBrokenAndWhatToDo() {
        Map<String, Object> hopeless = client.zeros(2022);
        long number = 1000;
        for (String path : new ArrayList<>(hopeless.keySet())) {
            if (hopeless.get(path) instanceof Long) {
                hopeless.put(path, number += 7);
            }
            if (path.endsWith(".natural_person")) {
                hopeless.put(path.replace("natural_person", "total"), 1L);
            }
        }
        Submission submission = Submission.of("agencies/" + guest + "/reports/2023", hopeless);
        long errors = client.check(submission).getFindingsList().stream()
                .filter(finding -> finding.getSeverity() == Severity.SEVERITY_ERROR)
                .count();
        Refused refused = assertThrows(Refused.class, () -> client.submit(submission));
        assertEquals("REPORT_INVALID", refused.reason());
        assertEquals(errors, refused.findings().stream().filter(finding -> finding.isError && !finding.cell.isEmpty()).count());
        assertTrue(errors > 20);
        assertTrue(refused.getMessage().contains("T3-ROW-TOTAL") && refused.getMessage().contains("→"));
    }

    @Test
    void aServiceThatIsNotThereIsAnErrorOfItsOwn() {
        try (Client nobody = new Client("http://127.0.0.1:1").withDeadline(200)) {
            assertThrows(Unreachable.class, () -> nobody.zeros(2022));
        }
    }

    private static BigDecimal sum(Dimension... groupBy) {
        List<BigDecimal> values = new ArrayList<>();
        QueryRollupRequest question = QueryRollupRequest.newBuilder()
                .setScope(Scope.newBuilder().setJurisdiction(PROVINCE))
                .setFirstYear(2022)
                .addMeasures("requests.received")
                .addAllGroupBy(List.of(groupBy))
                .build();
        client.rollup(question, row -> values.add(Client.value(row)));
        return values.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    @Test
    void sumsAreExactAndWhole() {
        BigDecimal whole = sum();
        assertTrue(whole.signum() > 0);
        assertEquals(whole, sum(Dimension.DIMENSION_AGENCY));
    }

    /** Stands before the service, and cuts each of the first connections off after so many bytes of answers. */
    private static String cut(int bytesEach, int times) throws IOException {
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        AtomicInteger left = new AtomicInteger(times);
        Thread accept = new Thread(() -> {
            while (true) {
                try {
                    Socket caller = listener.accept();
                    Socket service = new Socket(InetAddress.getLoopbackAddress(), URI.create(address).getPort());
                    boolean cuts = left.getAndDecrement() > 0;
                    pass(caller, service, Integer.MAX_VALUE);
                    pass(service, caller, cuts ? bytesEach : Integer.MAX_VALUE);
                } catch (IOException ended) {
                    return;
                }
            }
        });
        accept.setDaemon(true);
        accept.start();
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    private static void pass(Socket from, Socket to, int most) {
        Thread passing = new Thread(() -> {
            try (from;
                    to) {
                InputStream source = from.getInputStream();
                OutputStream target = to.getOutputStream();
                byte[] buffer = new byte[4096];
                for (int passed = 0, read = source.read(buffer); read >= 0 && passed <= most; read = source.read(buffer)) {
                    target.write(buffer, 0, read);
                    passed += read;
                }
            } catch (IOException ended) {
                // The other end says so.
            }
        });
        passing.setDaemon(true);
        passing.start();
    }

    @Test
    void aStreamGoesOnWhereItBrokeAndStoresNothingTwice() throws IOException {
        ListReportsRequest list =
                ListReportsRequest.newBuilder().setParent("agencies/-").setYear(2023).setPageSize(40).build();
        Map<String, Object> filled = cells(5);
        List<Submission> submissions = new ArrayList<>();
        for (Report report : client.reports.listReports(list).getReportsList()) {
            submissions.add(submission(report.getName(), filled).correcting(report.getEtag(), "测试"));
        }
        List<Submission> answered = new ArrayList<>();
        List<String> stored = new ArrayList<>();
        try (Client through = new Client(cut(3000, 3))) {
            through.submitAll(submissions.iterator(), (submission, answer) -> {
                answered.add(submission);
                if (answer.hasStored()) {
                    stored.add(submission.message().getName());
                }
            });
        }
        assertEquals(submissions, answered);
        assertFalse(stored.isEmpty());
        for (String name : stored) {
            ListReportRevisionsRequest request = ListReportRevisionsRequest.newBuilder().setName(name).build();
            long ours = client.reports.listReportRevisions(request).getReportsList().stream()
                    .filter(revision -> revision.getCorrectionReason().equals("测试"))
                    .count();
            assertEquals(1, ours, name);
        }
    }

    @Test
    void aWatchTellsOfEachChange() {
        WatchRollupRequest question = WatchRollupRequest.newBuilder()
                .setScope(Scope.newBuilder().setJurisdiction(PROVINCE))
                .setFirstYear(2023)
                .addMeasures("requests.received")
                .setHeartbeatSeconds(5)
                .build();
        List<QueryRollupResponse> told = new ArrayList<>();
        client.watch(question, answer -> {
            told.add(answer);
            if (told.size() == 1) {
                ListReportsRequest list = ListReportsRequest.newBuilder()
                        .setParent("agencies/-")
                        .setYear(2023)
                        .addStates(ReportState.REPORT_STATE_ACCEPTED)
                        .setPageSize(1)
                        .build();
                Report report = client.reports.listReports(list).getReports(0);
                client.reports.withdrawReport(WithdrawReportRequest.newBuilder()
                        .setName(report.getName())
                        .setEtag(report.getEtag())
                        .setReason("测试")
                        .build());
            }
            return told.size() < 2;
        });
        assertEquals(told.get(0).getCoverage(0).getIncluded() - 1, told.get(1).getCoverage(0).getIncluded());
    }
}
