package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/record"
)

// recordEvents writes events about an object with both of client-go's recorders; one that is repeated is counted.
func recordEvents(w world) {
	about := &corev1.ObjectReference{APIVersion: "example.test/v1", Kind: "Thing", Namespace: namespace, Name: "told", UID: "u"}
	old := record.NewBroadcaster()
	old.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: w.typed.CoreV1().Events("")})
	recorder := old.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "go-program"})
	recorder.Eventf(about, corev1.EventTypeNormal, "Created", "has been %s", "made")
	recorder.Eventf(about, corev1.EventTypeNormal, "Created", "has been %s", "made")
	listed := func() []corev1.Event {
		options := metav1.ListOptions{FieldSelector: "involvedObject.name=told,type=Normal"}
		return must(w.typed.CoreV1().Events(namespace).List(w.ctx, options)).Items
	}
	until(w, "an event counted twice", func() bool { found := listed(); return len(found) == 1 && found[0].Count == 2 })
	found := listed()[0]
	tell("event", fmt.Sprint(found.Reason, ": ", found.Message, " by ", found.Source.Component))
	old.Shutdown()

	ctx, stop := context.WithCancel(w.ctx)
	defer stop()
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: w.typed.EventsV1()})
	check(broadcaster.StartRecordingToSinkWithContext(ctx))
	recorderV1 := broadcaster.NewRecorder(scheme.Scheme, "go-program")
	recorderV1.Eventf(about, nil, corev1.EventTypeWarning, "Broken", "Breaking", "is broken")
	ofGroup := func() []eventsv1.Event {
		options := metav1.ListOptions{FieldSelector: "type=Warning"}
		return must(w.typed.EventsV1().Events(namespace).List(w.ctx, options)).Items
	}
	until(w, "an event", func() bool { return len(ofGroup()) == 1 })
	recorderV1.Eventf(about, nil, corev1.EventTypeWarning, "Broken", "Breaking", "is broken")
	until(w, "a series", func() bool { series := ofGroup()[0].Series; return series != nil && series.Count == 2 })
	event := ofGroup()[0]
	tell("event of events.k8s.io", fmt.Sprint(event.Reason, ": ", event.Note, " by ", event.ReportingController))
	broadcaster.Shutdown()
}
