// Package huizong is a client of Huizong (汇总): calls as a program wants them, safe to repeat, in time, and with what went
// wrong in words.
package huizong

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "huizong.dev/huizong/v1"
)

const (
	attempts     = 6
	firstPause   = 200 * time.Millisecond
	longestPause = 10 * time.Second
	messageBytes = 64 << 20
	// Submissions sent ahead of their answers.
	ahead = 64
)

// Settings of a client; the zero value is that of a service on this machine.
type Settings struct {
	Token string
	// CA is the file with the authority that issued the service's certificate, PEM; empty for those that this machine trusts.
	CA string
	// Deadline of each attempt; 0 stands for 30 seconds.
	Deadline time.Duration
	// Language of messages that come in one language; empty for Chinese.
	Language string
}

// Client is a connection to the service.
type Client struct {
	Reports    pb.ReportServiceClient
	Forms      pb.FormServiceClient
	Rollups    pb.RollupServiceClient
	address    string
	settings   Settings
	connection *grpc.ClientConn
}

// New makes a client of the service at an address such as "http://127.0.0.1:7411".
func New(address string, settings Settings) (*Client, error) {
	scheme, target, found := strings.Cut(address, "://")
	if !found {
		scheme, target = "http", address
	}
	if settings.Deadline == 0 {
		settings.Deadline = 30 * time.Second
	}
	secured := insecure.NewCredentials()
	if scheme == "https" {
		config := &tls.Config{}
		if settings.CA != "" {
			pem, err := os.ReadFile(settings.CA)
			if err != nil {
				return nil, err
			}
			config.RootCAs = x509.NewCertPool()
			config.RootCAs.AppendCertsFromPEM(pem)
		}
		secured = credentials.NewTLS(config)
	}
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(secured),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageBytes)))
	if err != nil {
		return nil, err
	}
	return &Client{
		Reports: pb.NewReportServiceClient(connection), Forms: pb.NewFormServiceClient(connection),
		Rollups: pb.NewRollupServiceClient(connection), address: address, settings: settings, connection: connection,
	}, nil
}

// Close ends the connection.
func (client *Client) Close() error { return client.connection.Close() }

func (client *Client) introduce(ctx context.Context) context.Context {
	language := client.settings.Language
	if language == "" {
		language = "zh-CN"
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", language)
	if client.settings.Token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+client.settings.Token)
	}
	return ctx
}

// Call makes a call with one answer: each attempt in time, and again where it may be answered otherwise then. Give a request
// that changes something a request id, so that it is done once.
func Call[Q, A any](ctx context.Context, client *Client, method func(context.Context, *Q, ...grpc.CallOption) (*A, error), request *Q) (*A, error) {
	for tried := 0; ; tried++ {
		attempt, cancel := context.WithTimeout(client.introduce(ctx), client.settings.Deadline)
		answer, err := method(attempt, request)
		cancel()
		if err == nil {
			return answer, nil
		}
		if err := client.pause(ctx, err, tried); err != nil {
			return nil, err
		}
	}
}

// pause waits before the next attempt; where there is none, it says why.
func (client *Client) pause(ctx context.Context, err error, tried int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	problem := problemOf(err)
	delay := problem.GetRetryDelay()
	code := status.Code(err)
	passing := code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.ResourceExhausted && delay != nil
	if !passing || tried+1 == attempts {
		if problem != nil {
			return &Refused{problem}
		}
		if passing {
			return &Unreachable{client.address, err}
		}
		return err
	}
	wait := max(min(firstPause<<tried, longestPause), delay.AsDuration())
	// Not all at the same moment.
	wait += time.Duration(mathrand.Int64N(int64(wait)/2 + 1))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

// Zeros are the cells of the form of a year with zero in each but the totals: those are computed. To be filled in.
func (client *Client) Zeros(ctx context.Context, year int) (Cells, error) {
	layout, err := Call(ctx, client, client.Forms.GetFormLayout, &pb.GetFormLayoutRequest{Year: int32(year)})
	if err != nil {
		return nil, err
	}
	cells := Cells{}
	for _, table := range layout.GetTables() {
		for _, tile := range table.GetTiles() {
			switch {
			case tile.GetCell() == "" || len(tile.GetAddends()) > 0:
			case tile.GetCellKind() == pb.CellKind_CELL_KIND_AMOUNT:
				cells[tile.GetCell()] = Amount("0")
			default:
				cells[tile.GetCell()] = 0
			}
		}
	}
	return cells, nil
}

// Submission is a report to be handed in.
type Submission struct {
	// Name is such as "agencies/ID/reports/2022".
	Name  string
	Cells Cells
	// Answers are reasons for warnings, by rule.
	Answers          map[string]string
	Etag             string
	CorrectionReason string
	// RequestID is made once for each report, and kept however often it is sent; where it is empty, it is made when the
	// report is first sent.
	RequestID    string
	ValidateOnly bool
}

func (submission *Submission) message() (*pb.SubmitReportRequest, error) {
	if submission.RequestID == "" {
		submission.RequestID = newID()
	}
	cells, err := submission.Cells.filled()
	if err != nil {
		return nil, err
	}
	request := &pb.SubmitReportRequest{
		Name: submission.Name, Cells: cells, Etag: submission.Etag, CorrectionReason: submission.CorrectionReason,
		RequestId: submission.RequestID, ValidateOnly: submission.ValidateOnly,
	}
	for rule, reason := range submission.Answers {
		request.Answers = append(request.Answers, &pb.Answer{Rule: rule, Reason: reason})
	}
	return request, nil
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// Check is what the service thinks of a report: every finding in words. Nothing is stored.
func (client *Client) Check(ctx context.Context, submission *Submission) (*pb.CheckReportResponse, error) {
	message, err := submission.message()
	if err != nil {
		return nil, err
	}
	return Call(ctx, client, client.Forms.CheckReport, &pb.CheckReportRequest{Submission: message})
}

// Submit hands a report in; keep the receipt that comes back. A refusal is a *Refused.
func (client *Client) Submit(ctx context.Context, submission *Submission) (*pb.SubmitReportResponse, error) {
	message, err := submission.message()
	if err != nil {
		return nil, err
	}
	return Call(ctx, client, client.Reports.SubmitReport, message)
}

// Outcome is what a submission on a stream came to: it was stored, or refused.
type Outcome struct {
	Submission *Submission
	Stored     *pb.SubmitReportResponse
	Refused    *Refused
}

// SubmitAll hands in many on one stream, and yields what each came to, in their order. Where the connection breaks, what has no
// answer yet is sent again on another: the ids make that safe.
func (client *Client) SubmitAll(ctx context.Context, submissions iter.Seq[*Submission]) iter.Seq2[Outcome, error] {
	return func(yield func(Outcome, error) bool) {
		next, stop := iter.Pull(submissions)
		defer stop()
		sending := &sending{next: next, slots: make(chan struct{}, ahead)}
		for tried := 0; ; tried++ {
			answered, err := client.exchange(ctx, sending, yield)
			if err == nil || errors.Is(err, errEnough) {
				return
			}
			if answered {
				tried = 0
			}
			if err := client.pause(ctx, err, tried); err != nil {
				yield(Outcome{}, err)
				return
			}
		}
	}
}

var errEnough = errors.New("the caller has seen enough")

// sending is what is on its way, over as many streams as it takes.
type sending struct {
	next func() (*Submission, bool)
	// One for each that waits for its answer.
	slots   chan struct{}
	lock    sync.Mutex
	waiting []*Submission
}

// onto sends what waits and then what follows, some ahead of their answers. Beside it the answers are received: neither side
// of a stream waits for the other for ever.
func (sending *sending) onto(stream grpc.BidiStreamingClient[pb.SubmitReportsRequest, pb.SubmitReportsResponse]) error {
	send := func(submission *Submission) error {
		message, err := submission.message()
		if err != nil {
			return err
		}
		// Where the stream has ended, receiving says why.
		_ = stream.Send(&pb.SubmitReportsRequest{Submission: message})
		return nil
	}
	sending.lock.Lock()
	again := slices.Clone(sending.waiting)
	sending.lock.Unlock()
	for _, submission := range again {
		if err := send(submission); err != nil {
			return err
		}
	}
	for {
		select {
		case sending.slots <- struct{}{}:
		case <-stream.Context().Done():
			return nil
		}
		submission, more := sending.next()
		if !more {
			<-sending.slots
			return stream.CloseSend()
		}
		sending.lock.Lock()
		sending.waiting = append(sending.waiting, submission)
		sending.lock.Unlock()
		if err := send(submission); err != nil {
			return err
		}
	}
}

// answered is the submission that waits longest for its answer.
func (sending *sending) answered() *Submission {
	sending.lock.Lock()
	defer sending.lock.Unlock()
	submission := sending.waiting[0]
	sending.waiting = sending.waiting[1:]
	<-sending.slots
	return submission
}

// exchange sends and receives until all are answered or the stream breaks.
func (client *Client) exchange(ctx context.Context, sending *sending, yield func(Outcome, error) bool) (answered bool, err error) {
	ctx, cancel := context.WithCancelCause(client.introduce(ctx))
	stream, err := client.Reports.SubmitReports(ctx)
	if err != nil {
		cancel(err)
		return false, err
	}
	var sent sync.WaitGroup
	sent.Go(func() {
		if err := sending.onto(stream); err != nil {
			cancel(err)
		}
	})
	// Nothing is sent on two streams at a time.
	defer sent.Wait()
	defer cancel(nil)
	for {
		answer, err := stream.Recv()
		if err == io.EOF {
			return answered, nil
		}
		if err != nil {
			if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
				return answered, cause
			}
			return answered, err
		}
		answered = true
		outcome := Outcome{Submission: sending.answered(), Stored: answer.GetStored()}
		if outcome.Stored == nil {
			outcome.Stored = answer.GetChecked()
		}
		if problem := answer.GetRefused(); problem != nil {
			outcome.Refused = &Refused{problem}
		}
		if !yield(outcome, nil) {
			return answered, errEnough
		}
	}
}

// Question asks for sums.
type Question struct {
	Jurisdiction        string
	Measures            []string
	FirstYear, LastYear int
	GroupBy             []pb.Dimension
}

// Row is one sum.
type Row struct {
	*pb.RollupRow
	// Value is an int64 or an Amount, exact.
	Value any
}

// Rollup yields sums, row by row and page by page.
func (client *Client) Rollup(ctx context.Context, question Question) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		request := &pb.QueryRollupRequest{
			Scope: &pb.Scope{Jurisdiction: question.Jurisdiction}, FirstYear: int32(question.FirstYear),
			LastYear: int32(question.LastYear), Measures: question.Measures, GroupBy: question.GroupBy,
		}
		for {
			page, err := Call(ctx, client, client.Rollups.QueryRollup, request)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, row := range page.GetRows() {
				if !yield(Row{row, fromWire(row.GetValue())}, nil) {
					return
				}
			}
			if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
				return
			}
		}
	}
}

// Watch yields the sums, and each time that they change; it goes on where it was when the connection breaks.
func (client *Client) Watch(ctx context.Context, question Question, heartbeatSeconds int) iter.Seq2[*pb.QueryRollupResponse, error] {
	return func(yield func(*pb.QueryRollupResponse, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		request := &pb.WatchRollupRequest{
			Scope: &pb.Scope{Jurisdiction: question.Jurisdiction}, FirstYear: int32(question.FirstYear),
			LastYear: int32(question.LastYear), Measures: question.Measures, GroupBy: question.GroupBy,
			HeartbeatSeconds: int32(heartbeatSeconds),
		}
		for tried := 0; ; tried++ {
			stream, err := client.Rollups.WatchRollup(client.introduce(ctx), request)
			for err == nil {
				var update *pb.WatchRollupResponse
				if update, err = stream.Recv(); err != nil {
					break
				}
				request.ResumeAfter, tried = update.GetAsOf(), 0
				if answer := update.GetAnswer(); answer != nil && !yield(answer, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err := client.pause(ctx, err, tried); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
