package huizong

import (
	"fmt"
	"strings"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	pb "huizong.dev/huizong/v1"
)

// Unreachable says that nobody answers at the address, or not in time, however often it was tried.
type Unreachable struct {
	Address string
	Cause   error
}

func (unreachable *Unreachable) Error() string {
	return fmt.Sprintf("%s cannot be reached: %v", unreachable.Address, unreachable.Cause)
}

func (unreachable *Unreachable) Unwrap() error { return unreachable.Cause }

// Refused is what the service refused. Its text says why and what to do, in Chinese and English.
type Refused struct{ Problem *pb.Problem }

// Finding is one rule that a report breaks in one place; its words are empty where the refusal had no room for them.
type Finding struct {
	Rule    string
	IsError bool
	// Cell is the path of its first cell; empty where it is about none.
	Cell             string
	Zh, En           string
	RemedyZh, Remedy string
}

// Reason is why, such as "REPORT_INVALID".
func (refused *Refused) Reason() string { return refused.Problem.GetReason().String() }

// Findings are all of them: those that are told in full, then those that are told in brief.
func (refused *Refused) Findings() []Finding {
	var findings []Finding
	for _, finding := range refused.Problem.GetFindings() {
		cell := ""
		if terms := append(finding.GetLeft()[:len(finding.GetLeft()):len(finding.GetLeft())], finding.GetRight()...); len(terms) > 0 {
			cell = terms[0].GetCell()
		}
		message, remedy := finding.GetMessage(), finding.GetRemedy()
		findings = append(findings, Finding{
			Rule: finding.GetRule(), IsError: finding.GetSeverity() == pb.Severity_SEVERITY_ERROR, Cell: cell,
			Zh: message.GetZh(), En: message.GetEn(), RemedyZh: remedy.GetZh(), Remedy: remedy.GetEn(),
		})
	}
	for _, brief := range refused.Problem.GetBriefFindings() {
		for _, cell := range brief.GetCells() {
			isError := brief.GetSeverity() == pb.Severity_SEVERITY_ERROR
			findings = append(findings, Finding{Rule: brief.GetRule(), IsError: isError, Cell: path(cell)})
		}
	}
	return findings
}

// path is that of the cell that the numbers of fields lead to from Form.
func path(numbers []byte) string {
	message := (&pb.Form{}).ProtoReflect().Descriptor()
	var names []string
	for _, number := range numbers {
		field := message.Fields().ByNumber(protoreflect.FieldNumber(number))
		if field == nil {
			return ""
		}
		names = append(names, string(field.Name()))
		if inner := field.Message(); inner != nil {
			message = inner
		}
	}
	return strings.Join(names, ".")
}

func (refused *Refused) Error() string {
	problem := refused.Problem
	var text strings.Builder
	message := problem.GetMessage()
	fmt.Fprintf(&text, "%s\n  %s\n  %s\n", refused.Reason(), message.GetZh(), message.GetEn())
	for _, violation := range problem.GetFieldViolations() {
		description := violation.GetDescription()
		fmt.Fprintf(&text, "  - %s: %s %s\n", violation.GetField(), description.GetZh(), description.GetEn())
	}
	for _, diagnosis := range problem.GetDiagnoses() {
		fmt.Fprintf(&text, "  ☞ %s %s\n", diagnosis.GetMessage().GetZh(), diagnosis.GetMessage().GetEn())
	}
	for _, finding := range refused.Findings() {
		sign := "!"
		if finding.IsError {
			sign = "✗"
		}
		fmt.Fprintf(&text, "  %s %s %s\n", sign, finding.Rule, finding.Cell)
		for _, words := range []string{finding.Zh, finding.En, finding.RemedyZh} {
			if words != "" {
				fmt.Fprintf(&text, "      %s\n", words)
			}
		}
	}
	fmt.Fprintf(&text, "  → %s %s", problem.GetRemedy().GetZh(), problem.GetRemedy().GetEn())
	return text.String()
}

// problemOf is the problem in the details of an error; nil where it is not the service's own.
func problemOf(err error) *pb.Problem {
	for _, detail := range status.Convert(err).Details() {
		if problem, ok := detail.(*pb.Problem); ok {
			return problem
		}
	}
	return nil
}
