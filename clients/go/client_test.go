package huizong

// What a program that uses the client is promised, against the real service. HUIZONG names the program.

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "huizong.dev/huizong/v1"
)

const province = "jurisdictions/230000"

// A total that is left blank is computed, and asks why.
var computed = map[string]string{"TOTAL-BLANK": "由系统计算"}

var address, guest string

func TestMain(main *testing.M) {
	demo := exec.Command(os.Getenv("HUIZONG"), "demo", "--agencies", "300", "--years", "2022..2023", "--listen", "127.0.0.1:0")
	output, err := demo.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := demo.Start(); err != nil {
		panic(err)
	}
	at, of := regexp.MustCompile(`Address: (http:\S+)`), regexp.MustCompile(`huizong submit \S+ --agency (\S+)`)
	for lines := bufio.NewScanner(output); guest == "" && lines.Scan(); {
		if found := at.FindStringSubmatch(lines.Text()); found != nil {
			address = found[1]
		}
		if found := of.FindStringSubmatch(lines.Text()); found != nil {
			guest = found[1]
		}
	}
	code := main.Run()
	_ = demo.Process.Kill()
	os.Exit(code)
}

func connect(t *testing.T, address string) *Client {
	client, err := New(address, Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func cells(t *testing.T, client *Client, requests int) Cells {
	cells, err := client.Zeros(t.Context(), 2022)
	if err != nil {
		t.Fatal(err)
	}
	cells["requests.received.natural_person"] = requests
	cells["requests.disclosed.natural_person"] = requests
	return cells
}

func TestAReportIsStoredOnceHoweverOftenItIsSent(t *testing.T) {
	client := connect(t, address)
	submission := Submission{Name: "agencies/" + guest + "/reports/2022", Cells: cells(t, client, 12), Answers: computed}
	dry := submission
	dry.ValidateOnly = true
	if checked, err := client.Submit(t.Context(), &dry); err != nil || checked.Receipt != nil {
		t.Fatal(checked, err)
	}
	first, err := client.Submit(t.Context(), &submission)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.Submit(t.Context(), &submission)
	if err != nil || !again.AlreadyStored || again.Receipt.Revision != first.Receipt.Revision {
		t.Fatal(again, err)
	}
	stale := Submission{Name: submission.Name, Cells: cells(t, client, 13), Answers: computed, Etag: "stale", CorrectionReason: "漏计"}
	var refused *Refused
	if _, err := client.Submit(t.Context(), &stale); !errors.As(err, &refused) || refused.Reason() != "ETAG_MISMATCH" {
		t.Fatal(err)
	}
}

func TestARefusalSaysEveryRuleThatIsBrokenAndWhatToDo(t *testing.T) {
	client := connect(t, address)
	hopeless := cells(t, client, 12)
	number := 1000
	for path, cell := range maps.Clone(hopeless) {
		if _, isCount := cell.(int); isCount {
			number += 7
			hopeless[path] = number
		}
		if strings.HasSuffix(path, ".natural_person") {
			hopeless[strings.Replace(path, "natural_person", "total", 1)] = 1
		}
	}
	submission := Submission{Name: "agencies/" + guest + "/reports/2023", Cells: hopeless}
	verdict, err := client.Check(t.Context(), &submission)
	if err != nil {
		t.Fatal(err)
	}
	count := func(isError func(int) bool, all int) (count int) {
		for at := range all {
			if isError(at) {
				count++
			}
		}
		return count
	}
	errorsFound := count(func(at int) bool { return verdict.Findings[at].Severity == pb.Severity_SEVERITY_ERROR }, len(verdict.Findings))
	var refused *Refused
	if _, err := client.Submit(t.Context(), &submission); !errors.As(err, &refused) || refused.Reason() != "REPORT_INVALID" {
		t.Fatal(err)
	}
	told := refused.Findings()
	errorsTold := count(func(at int) bool { return told[at].IsError && told[at].Cell != "" }, len(told))
	if errorsTold != errorsFound || errorsTold <= 20 {
		t.Fatal(errorsTold, errorsFound)
	}
	if !strings.Contains(refused.Error(), "T3-ROW-TOTAL") || !strings.Contains(refused.Error(), "→") {
		t.Fatal(refused)
	}
}

func TestAServiceThatIsNotThereIsAnErrorOfItsOwn(t *testing.T) {
	client, err := New("http://127.0.0.1:1", Settings{Deadline: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var unreachable *Unreachable
	if _, err := client.Zeros(t.Context(), 2022); !errors.As(err, &unreachable) {
		t.Fatal(err)
	}
}

func TestSumsAreExactAndWhole(t *testing.T) {
	client := connect(t, address)
	sum := func(groupBy ...pb.Dimension) (sum int64) {
		question := Question{Jurisdiction: province, Measures: []string{"requests.received"}, FirstYear: 2022, GroupBy: groupBy}
		for row, err := range client.Rollup(t.Context(), question) {
			if err != nil {
				t.Fatal(err)
			}
			sum += row.Value.(int64)
		}
		return sum
	}
	whole, byAgency := sum(), sum(pb.Dimension_DIMENSION_AGENCY)
	if whole == 0 || byAgency != whole {
		t.Fatal(whole, byAgency)
	}
}

// cut stands before the service, and cuts each of the first connections off after so many bytes of answers.
func cut(t *testing.T, bytesEach, times int64) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var left atomic.Int64
	left.Store(times)
	go func() {
		for {
			caller, err := listener.Accept()
			if err != nil {
				return
			}
			service, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(service, caller) }()
			go func() {
				if left.Add(-1) >= 0 {
					_, _ = io.CopyN(caller, service, bytesEach)
				} else {
					_, _ = io.Copy(caller, service)
				}
				_ = caller.Close()
				_ = service.Close()
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestAStreamGoesOnWhereItBrokeAndStoresNothingTwice(t *testing.T) {
	client := connect(t, address)
	listed, err := client.Reports.ListReports(t.Context(), &pb.ListReportsRequest{Parent: "agencies/-", Year: 2023, PageSize: 40})
	if err != nil {
		t.Fatal(err)
	}
	filled := cells(t, client, 5)
	var submissions []*Submission
	for _, report := range listed.Reports {
		submissions = append(submissions, &Submission{
			Name: report.Name, Cells: filled, Answers: computed, Etag: report.Etag, CorrectionReason: "测试",
		})
	}
	all := func(yield func(*Submission) bool) {
		for _, submission := range submissions {
			if !yield(submission) {
				return
			}
		}
	}
	at, stored := 0, 0
	for outcome, err := range connect(t, cut(t, 3000, 3)).SubmitAll(t.Context(), all) {
		if err != nil {
			t.Fatal(err)
		}
		if outcome.Submission != submissions[at] {
			t.Fatal("not in order")
		}
		at++
		if outcome.Refused != nil {
			continue
		}
		stored++
		request := &pb.ListReportRevisionsRequest{Name: outcome.Submission.Name}
		revisions, err := client.Reports.ListReportRevisions(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		ours := 0
		for _, revision := range revisions.Reports {
			if revision.CorrectionReason == "测试" {
				ours++
			}
		}
		if ours != 1 {
			t.Fatal(outcome.Submission.Name, ours)
		}
	}
	if at != len(submissions) || stored == 0 {
		t.Fatal(at, stored)
	}
}

func TestAWatchTellsOfEachChange(t *testing.T) {
	client := connect(t, address)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var first *pb.QueryRollupResponse
	question := Question{Jurisdiction: province, Measures: []string{"requests.received"}, FirstYear: 2023}
	for answer, err := range client.Watch(ctx, question, 5) {
		if err != nil {
			t.Fatal(err)
		}
		if first != nil {
			if answer.Coverage[0].Included != first.Coverage[0].Included-1 {
				t.Fatal(answer.Coverage, first.Coverage)
			}
			return
		}
		first = answer
		accepted := []pb.ReportState{pb.ReportState_REPORT_STATE_ACCEPTED}
		list := &pb.ListReportsRequest{Parent: "agencies/-", Year: 2023, PageSize: 1, States: accepted}
		listed, err := client.Reports.ListReports(ctx, list)
		if err != nil {
			t.Fatal(err)
		}
		withdraw := &pb.WithdrawReportRequest{Name: listed.Reports[0].Name, Etag: listed.Reports[0].Etag, Reason: "测试"}
		if _, err := client.Reports.WithdrawReport(ctx, withdraw); err != nil {
			t.Fatal(err)
		}
	}
}
