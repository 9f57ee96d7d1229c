package kit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Resident is the memory that a process has in RAM, in bytes (Linux).
func Resident(pid int) (int64, error) { return statusField(pid, "VmRSS:") }

// PeakResident is the most memory that a process ever had in RAM, in bytes
// (Linux).
func PeakResident(pid int) (int64, error) { return statusField(pid, "VmHWM:") }

// ForgetPeak begins PeakResident anew (Linux).
func ForgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

func statusField(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(text), name)
	if !found {
		return 0, fmt.Errorf("no %s for process %d", name, pid)
	}
	fields := strings.Fields(after)
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	return kib << 10, err
}

// tick is the unit of CPU time in /proc on Linux.
const tick = time.Second / 100

// CPU is the user and system time that a process has used (Linux).
func CPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name, field 2, is in parentheses and may hold anything.
	_, after, found := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("unreadable stat of process %d", pid)
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}
