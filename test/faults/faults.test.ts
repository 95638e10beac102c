import { describeConnectionFaults } from "./connection-faults.ts";
import { describeDeclarationFaults } from "./declaration-faults.ts";
import { describeHostFaults } from "./host-faults.ts";
import { useFaultWorld } from "./play.ts";
import { describeReplicaFaults } from "./replica-faults.ts";

const play = useFaultWorld(6);

describeHostFaults(play);
describeConnectionFaults(play);
describeReplicaFaults(play);
describeDeclarationFaults(play);
