package huizong

import (
	"fmt"

	pb "huizong.dev/huizong/v1"
)

// Amount is an amount in 万元, a decimal string such as "59237.2449": a float is no exact number.
type Amount string

type mark struct{ name string }

// NotApplicable is the mark 不适用.
var NotApplicable = mark{"not applicable"}

// Cells are the cells of a form by their paths, such as "requests.received.total". A value is an int, an int64, an Amount,
// NotApplicable, or nil for blank, which is not zero.
type Cells map[string]any

func (cells Cells) filled() ([]*pb.FilledCell, error) {
	filled := make([]*pb.FilledCell, 0, len(cells))
	for path, cell := range cells {
		value, err := toWire(cell)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		filled = append(filled, &pb.FilledCell{Cell: path, Value: value})
	}
	return filled, nil
}

func toWire(cell any) (*pb.CellValue, error) {
	switch cell := cell.(type) {
	case nil:
		return nil, nil
	case int:
		return &pb.CellValue{Value: &pb.CellValue_Count{Count: int64(cell)}}, nil
	case int64:
		return &pb.CellValue{Value: &pb.CellValue_Count{Count: cell}}, nil
	case Amount:
		return &pb.CellValue{Value: &pb.CellValue_AmountWanYuan{AmountWanYuan: string(cell)}}, nil
	case mark:
		return &pb.CellValue{Value: &pb.CellValue_NotApplicable{NotApplicable: true}}, nil
	default:
		return nil, fmt.Errorf("%T is no int, int64, Amount, NotApplicable or nil", cell)
	}
}

// fromWire is an int64, an Amount, NotApplicable or nil.
func fromWire(value *pb.CellValue) any {
	switch value := value.GetValue().(type) {
	case *pb.CellValue_Count:
		return value.Count
	case *pb.CellValue_AmountWanYuan:
		return Amount(value.AmountWanYuan)
	case *pb.CellValue_NotApplicable:
		return NotApplicable
	default:
		return nil
	}
}
