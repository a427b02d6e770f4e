package main

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const guessedBytes = 4096 // as kubectl: k8s.io/cli-runtime/pkg/resource, StreamVisitor

// reading is what became of one text: its documents, or why it cannot be read.
type reading struct {
	Documents []any  `json:"documents"`
	Error     string `json:"error,omitempty"`
}

// yamlToJSON tells how kubectl reads texts. Each text on stdin ends with a NUL;
// it is answered with one line of JSON on stdout, at once, so that a test can
// keep the process and ask again.
func yamlToJSON([]string) int {
	texts := bufio.NewReader(os.Stdin)
	for {
		text, err := texts.ReadBytes(0)
		if err == io.EOF && len(text) == 0 {
			return 0
		}
		if err != nil && err != io.EOF {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		answer, err := stdjson.Marshal(read(bytes.TrimSuffix(text, []byte{0})))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(string(answer))
	}
}

// read goes the way of a file given to kubectl: YAML or JSON by its first
// bytes, document by document, with the numbers of unstructured objects.
func read(text []byte) reading {
	documents := []any{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), guessedBytes)
	for {
		var raw runtime.RawExtension
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return reading{Documents: documents}
		}
		if err != nil {
			return reading{Documents: documents, Error: err.Error()}
		}
		body := bytes.TrimSpace(raw.Raw)
		if len(body) == 0 || bytes.Equal(body, []byte("null")) {
			continue
		}
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			return reading{Documents: documents, Error: err.Error()}
		}
		documents = append(documents, value)
	}
}
