package main

import (
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// journal has what an informer has told: `update one 3`, `delete held ending`.
type journal struct {
	lock  sync.Mutex
	lines []string
	read  int
}

func (j *journal) add(event string, object any) {
	j.lock.Lock()
	defer j.lock.Unlock()
	j.lines = append(j.lines, line(event, object))
}

func line(event string, object any) string {
	meta, ok := object.(metav1.Object)
	if !ok {
		return fmt.Sprintf("%s %T", event, object)
	}
	text := event + " " + meta.GetName()
	if meta.GetDeletionTimestamp() != nil {
		return text + " ending"
	}
	if thing, ok := object.(*unstructured.Unstructured); ok && event == "update" {
		size, _, _ := unstructured.NestedInt64(thing.Object, "spec", "size")
		return fmt.Sprint(text, " ", size)
	}
	return text
}

// until waits for a line after those that have been waited for.
func (j *journal) until(w world, wanted string) {
	until(w, wanted, func() bool {
		j.lock.Lock()
		defer j.lock.Unlock()
		at := slices.Index(j.lines[j.read:], wanted)
		if at >= 0 {
			j.read += at + 1
		}
		return at >= 0
	})
}

func (j *journal) all() []string {
	j.lock.Lock()
	defer j.lock.Unlock()
	return slices.Clone(j.lines)
}
