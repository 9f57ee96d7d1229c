package command

import "testing"

func TestSmallHeapsMayGrowAndLargeOnesDouble(t *testing.T) {
	for live, want := range map[uint64]int{0: 1000, 4 << 20: 1000, 10 << 20: 400, 40 << 20: 100, 1 << 40: 100} {
		if got := percentFor(live); got != want {
			t.Errorf("%d live bytes: %d%%, want %d%%", live, got, want)
		}
	}
}
