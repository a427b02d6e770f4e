package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

const lifelineVariable = "TESTBED_LIFELINE"

// exitWithOwner ends this process as soon as the one that started it is gone.
//
// The variable names an inherited file descriptor, the reading end of a pipe
// whose only writing end is held by the owner. The kernel closes that end even
// when the owner is killed with SIGKILL, so no component can outlive it.
func exitWithOwner() {
	value, given := os.LookupEnv(lifelineVariable)
	if !given {
		return
	}
	descriptor, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s must be a file descriptor, not %q\n", lifelineVariable, value)
		os.Exit(2)
	}
	lifeline := os.NewFile(uintptr(descriptor), "lifeline")
	go func() {
		_, _ = io.Copy(io.Discard, lifeline)
		os.Exit(0)
	}()
}
